/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A message's turn on the bus: from the moment its chip is to be selected until
 * the bus is left.
 */
#ifndef SPI_TURN_H
#define SPI_TURN_H

#include <stdint.h>

#include "spi-daemon/bus/controller.h"
#include "spi-daemon/framing/chip_select.h"
#include "spi-daemon/transfer/spi_transfer.h"

struct spi_message;

enum spi_begin {
	SPI_BEGIN_READY,
	SPI_BEGIN_WAITS, /* call again at ->start_at, or when ->user is woken */
	SPI_BEGIN_LOST,	 /* what the chip had for the guest is gone: fail */
};

/*
 * Gets the bus for @chip, and the chip ready to be selected, for a message that
 * is closed, KEPT or LATE, so that @framed can be done, with @head. NULL for
 * both: kept parts are to be sent by themselves.
 */
enum spi_begin spi_turn_begin(struct spi_message *message, struct chip *chip,
			      const struct cs_request *framed,
			      const struct spi_head *head, uint64_t now);

/* Releases the held chip. Returns that chip. */
struct chip *spi_turn_deselect(struct spi_message *message);

/*
 * The chip was released at @now, monotonic ns: the next select edge has to keep
 * its distance. The bus is not left yet.
 */
void spi_turn_released(struct spi_message *message, struct chip *chip,
		       uint64_t now);

/*
 * The chip was released, at @now, at the end of its message. Leaves the bus,
 * unless the guest's next message goes first, see bus_linger(); or, if nobody
 * waits, keeps it for spi_turn_begin() or spi_turn_settle().
 */
void spi_turn_end(struct spi_message *message, struct chip *chip, uint64_t now);

/*
 * If spi_turn_end() has kept the bus: leaves it, likewise. To be called as soon
 * as the guest's next message is not about to begin.
 */
void spi_turn_settle(struct spi_message *message, uint64_t now);

/* Leaves the bus, if the guest has it or waits for it. */
void spi_turn_leave(struct spi_message *message);

/*
 * The message was over at @now, with this @answer of the chip, and so may be
 * the flash operation that it belongs to.
 */
void spi_turn_leave_operation(struct spi_message *message, struct chip *chip,
			      const struct spi_answer *answer, uint64_t now);

#endif
