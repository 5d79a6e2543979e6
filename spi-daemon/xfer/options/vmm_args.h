/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Arguments of virtual machine monitors for a guest with 512 MiB, which the
 * device shares, and the device that is behind a socket: each on a line.
 */
#ifndef VMM_ARGS_H
#define VMM_ARGS_H

void vmm_args_qemu(const char *socket);
void vmm_args_cloud_hypervisor(const char *socket);

#endif
