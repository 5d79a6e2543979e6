/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A rig whose daemon reads its guests from a file: "conf" in the daemon's
 * directory. What goes wrong here fails the running cmocka test.
 */
#ifndef TEST_CONFIG_RIG_H
#define TEST_CONFIG_RIG_H

#include "tests/lib/daemon/rig.h"

/* Writes the file. "%s" in @text becomes the daemon's directory. */
void config_write(struct rig *rig, const char *text);

/* Opens front end @slot on socket @name in the daemon's directory. */
struct spi_front *config_open(struct rig *rig, unsigned int slot,
			      const char *name);

#endif
