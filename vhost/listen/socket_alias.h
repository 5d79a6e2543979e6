/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A symbolic link by which a socket's file has a second name. */
#ifndef VHOST_SOCKET_ALIAS_H
#define VHOST_SOCKET_ALIAS_H

/*
 * Makes @alias, which leads to the file @socket in the same directory. A link
 * that does so already, as one that a crash has left behind, is as good.
 * Returns 0; -EEXIST when anything else is at @alias; -EXDEV when that is in
 * another directory; or another negative errno.
 */
int vhost_socket_alias_make(const char *alias, const char *socket);

/* Removes @alias if it leads to @socket. */
void vhost_socket_alias_remove(const char *alias, const char *socket);

#endif
