/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The address of a socket that is a file. */
#ifndef VHOST_ADDRESS_H
#define VHOST_ADDRESS_H

#include <sys/un.h>

/* Returns 0; -ENOENT if @path is empty; or -ENAMETOOLONG. */
int vhost_address_make(const char *path, struct sockaddr_un *addr);

#endif
