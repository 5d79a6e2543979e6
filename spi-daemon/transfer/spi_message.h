/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A guest's SPI message, from when it asks for the bus until its chip is
 * released: while requests make it up, between them, and when it ends before
 * the guest thinks so.
 */
#ifndef SPI_MESSAGE_H
#define SPI_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/bus/bus.h"
#include "spi-daemon/bus/controller.h"
#include "spi-daemon/transfer/chip_select.h"
#include "spi-daemon/transfer/guest_log.h"

struct spi_message {
	struct controller *controller;
	struct guest_stats *stats;
	struct guest_log *log;
	struct bus_user user;
	struct bus *bus; /* owned, or waited for; NULL: none */
	struct chip_select cs;
	uint64_t start_at;     /* monotonic ns: when the bus may be had */
	uint64_t hold_until;   /* monotonic ns, while a chip is held */
	uint64_t linger_until; /* monotonic ns, with a bus and no message */
	uint32_t inactive_ns;  /* what follows the held chip's release */
	bool cut_is_bounded;   /* no more than so many of the next */
	uint16_t cut_left;     /* requests can be of the cut message */
};

/*
 * Begins with no message. All but @message must outlive it. Returns 0 or a
 * negative errno.
 */
int spi_message_init(struct spi_message *message, struct controller *controller,
		     struct guest_stats *stats, struct guest_log *log);

/* The guest has no bus, and waits for none. */
void spi_message_fini(struct spi_message *message);

/* Why a message is cut that lasts longer than max-message. */
extern const char spi_message_too_long[];

/* The chip that the guest knows as chip select @index, which is valid. */
struct chip *spi_message_chip(const struct spi_message *message,
			      unsigned int index);

/*
 * A new message for @chip: ends the one before it, if that is open, and gets
 * the bus, and the chip ready to be selected. Returns whether it has both;
 * if not, is to be called again at ->start_at, or when ->user is woken.
 */
bool spi_message_begin(struct spi_message *message, struct chip *chip,
		       uint64_t now);

/* Part of the message is done. The chip is held for the next. */
void spi_message_hold(struct spi_message *message, const struct chip *chip);

/*
 * The message is done: the chip was released, and is to stay so for
 * ->inactive_ns. The bus is left, unless the guest's next message goes first.
 */
void spi_message_end(struct spi_message *message, struct chip *chip);

/* The message failed: the chip was released, and the bus is left. */
void spi_message_fail(struct spi_message *message, struct chip *chip);

/* Releases the chip that is held between requests, if one is. */
void spi_message_release(struct spi_message *message);

/* The chip cannot stay selected, though the guest's message may go on. */
void spi_message_cut(struct spi_message *message);

/*
 * What the guest queued before it can know of a failure, @pending requests,
 * may belong to the failed message. What it queues later does not: drivers
 * give a message up.
 */
void spi_message_bound_cut(struct spi_message *message, uint16_t pending);

/*
 * A request was not valid, so what its message was to be is not known. Ends
 * one that is open; see spi_message_bound_cut() for @pending.
 */
void spi_message_refuse(struct spi_message *message, uint16_t pending);

/*
 * A request was popped. Closes a message that was cut, if the request is
 * behind all that may belong to it.
 */
void spi_message_popped(struct spi_message *message);

/* And that was undone: it will be popped, and counted, once more. */
void spi_message_unpopped(struct spi_message *message);

/* Leaves the bus, if the guest has it or waits for it. */
void spi_message_leave_bus(struct spi_message *message);

/*
 * Has the message that has the bus, on @chip, had it for longer than
 * max-message, while somebody waits?
 */
bool spi_message_is_too_long(struct spi_message *message,
			     const struct chip *chip, uint64_t now);

/* With no request in hand: when spi_message_tick() is due, or CLOCK_NEVER. */
uint64_t spi_message_deadline(const struct spi_message *message);

/* With no request in hand: ends a hold that is over, and leaves the bus. */
void spi_message_tick(struct spi_message *message, uint64_t now);

#endif
