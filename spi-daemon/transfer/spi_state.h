/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a guest's service takes along to another host: the message that was
 * cut short there, so that the rest of it fails here, too, and is not taken
 * for a message of its own.
 */
#ifndef SPI_STATE_H
#define SPI_STATE_H

#include <stdint.h>

/* The save() and load() of struct vhost_device_ops; for a spi_service. */
uint32_t spi_state_save(void *service, uint8_t *to);
int spi_state_load(void *service, const uint8_t *from, uint32_t size);

#endif
