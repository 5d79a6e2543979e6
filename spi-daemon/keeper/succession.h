/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * After an upgrade the keeper runs the new binary, too. It writes what it
 * remembers to an image (vhost/keeper/image), and executes the binary, which
 * reads that. The process stays: its id, its parent and its child.
 *
 * The binary is tried before that: --check with an image reads that as well,
 * and says so through the nest. One that cannot read it is not executed.
 */
#ifndef KEEPER_SUCCESSION_H
#define KEEPER_SUCCESSION_H

#include "spi-daemon/keeper/life.h"

/* The process that tries has ended, with the wait status @status. */
void succession_checked(struct keeping *k, int status);

/*
 * If it is due: has the program of the child try while the guests are served,
 * and executes it when nothing is on its way to the child.
 */
void succession_go_on(struct keeping *k);

/*
 * In the process that tries: reads the image in @nest, which is closed, and
 * tells the keeper. Returns 0, or a negative errno with one line in @error.
 */
int succession_try(int nest, char *error, size_t error_size);

/*
 * In the next keeper: reads the image in @nest, which is closed, into @k, whose
 * keeper was initialized, and into @pid_file. Returns 0, or a negative errno
 * with one line in @error; then there is nothing to go on with.
 */
int succession_take(struct keeping *k, int nest, int *pid_file, char *error,
		    size_t error_size);

#endif
