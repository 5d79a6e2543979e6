/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A daemon in a guest, on the spidev of a virtio SPI controller, which a
 * second daemon outside serves. The guest's kernel is another one than those
 * of the boards, and bufsiz is large.
 *
 * Linux's driver does not tell the device of a release without a transfer, or
 * which transfer is the last of a message. The daemon outside takes each
 * transfer as a message, and holds the chip when cs_change says so. So the
 * tests of chip select itself, and of a message of several transfers, are left
 * to the boards.
 */
#ifndef TESTS_SPIDEV_NESTED_H
#define TESTS_SPIDEV_NESTED_H

#include "tests/spidev/bench.h"

/* Fixtures for a group of tests: the state is the bench in the guest. */
int nested_setup(void **state);
int nested_teardown(void **state);

#endif
