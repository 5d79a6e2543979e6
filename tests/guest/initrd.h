/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The initramfs of a guest that gets modules of its own. */
#ifndef TESTS_GUEST_INITRD_H
#define TESTS_GUEST_INITRD_H

/*
 * Writes to @path the initramfs @from, with the modules (*.ko) in the directory
 * @modules besides: try-driver finds them. @kit is the directory of the kit.
 * Returns 0; or -EIO, and shows the reason.
 */
int initrd_add_modules(const char *path, const char *from, const char *kit,
		       const char *modules);

#endif
