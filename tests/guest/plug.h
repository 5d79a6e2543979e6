/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Unplugging and plugging the first controller of a guest with .hotplug. */
#ifndef TESTS_GUEST_PLUG_H
#define TESTS_GUEST_PLUG_H

#include "tests/guest/guest.h"

/* For guest.c: the port, and the device's id and place in it. */
#define PLUG_PORT   "port0"
#define PLUG_DEVICE ",id=plugged,bus=" PLUG_PORT

/* All of these return 0 or a negative errno. */

/* Unplugs the controller and waits until the guest has let it go. */
int plug_remove(struct guest *g);

/* Plugs a controller on the chardev @name: at first that is "spi0". */
int plug_add(struct guest *g, const char *name);

/* Makes a chardev that is connected to @socket, or closes one. */
int plug_add_chardev(struct guest *g, const char *name, const char *socket);
int plug_remove_chardev(struct guest *g, const char *name);

#endif
