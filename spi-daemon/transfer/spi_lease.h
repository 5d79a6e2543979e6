/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How long a message may hold its chip, or keep its parts, while its guest says
 * nothing: cs-hold; and how long it may have the bus while others wait:
 * max-message.
 */
#ifndef SPI_LEASE_H
#define SPI_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/transfer/spi_message.h"

/* Why a message is cut that lasts longer than max-message. */
extern const char spi_lease_too_long[];

/*
 * Returns true if the message that has the bus, on @chip, has had it for longer
 * than max-message, while somebody waits.
 */
bool spi_lease_is_too_long(struct spi_message *message, const struct chip *chip,
			   uint64_t now);

/*
 * The ring stops or is disabled, with no request in hand. The message stays as
 * it is: a chip that is held is released when somebody wants the bus.
 */
void spi_lease_pause(struct spi_message *message);

/* The ring is active again. The guest has cs-hold, from @now, to go on. */
void spi_lease_resume(struct spi_message *message, uint64_t now);

/* With no request in hand: when spi_lease_tick() is due, or CLOCK_NEVER. */
uint64_t spi_lease_deadline(const struct spi_message *message);

/*
 * With no request in hand: ends a lease that is over, sends kept parts whose
 * rest is late, and leaves the bus.
 */
void spi_lease_tick(struct spi_message *message, uint64_t now);

#endif
