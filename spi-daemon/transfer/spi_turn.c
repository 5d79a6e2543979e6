/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include "spi-daemon/framing/flash_operation.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/spi_message.h"
#include "spi-daemon/transfer/spi_turn.h"

void spi_turn_leave(struct spi_message *m)
{
	stats_turn_is_given_up(&m->stats->turn);
	if (m->bus)
		bus_leave(m->bus, &m->user, clock_now());
	m->bus = NULL;
}

void spi_turn_released(struct spi_message *m, struct chip *chip, uint64_t now)
{
	if (m->inactive_ns)
		chip->handle->quiet_until = now + m->inactive_ns;
	/* The bus is still ours, and so is what others read of it. */
	stats_turn_ends(&m->stats->turn, &chip->handle->stats, &chip->hold_ns,
			now);
}

static void linger_or_leave(struct spi_message *m, uint64_t now)
{
	uint64_t lingers = bus_linger(m->bus, &m->user, now);

	if (lingers)
		m->linger_until = now + lingers;
	else
		m->bus = NULL;
}

void spi_turn_end(struct spi_message *m, struct chip *chip, uint64_t now)
{
	spi_turn_released(m, chip, now);
	m->linger_until = now;
	if (!bus_end(&m->user, now))
		linger_or_leave(m, now);
}

void spi_turn_settle(struct spi_message *m, uint64_t now)
{
	if (m->user.over)
		linger_or_leave(m, now);
}

struct chip *spi_turn_deselect(struct spi_message *m)
{
	struct chip *chip = spi_message_own_chip(m);
	int ret = spi_device_release(chip->handle->dev);

	if (ret < 0)
		guest_log_warning(m->log, "%s: release: %s: %s",
				  chip->spec->path,
				  spi_device_failed_step(chip->handle->dev,
							 "chip select"),
				  strerror(-ret));
	return chip;
}

/* The bus is ours, but the chip is not to be selected before @until. */
static void postpone(struct spi_message *m, uint64_t until, const void *what,
		     uint64_t now)
{
	m->start_at = until;
	bus_postpone(m->bus, &m->user, until, what, now);
}

/* The message that is on the bus, or about to be. */
static struct flash_message flash_message(const struct spi_message *m,
					  struct chip *chip)
{
	return (struct flash_message){
		.chip = chip,
		.op = m->op,
		.head = &m->head,
		.guest = m->guest,
	};
}

/* The bus is ours. The chip may be another guest's for now. */
static enum spi_begin enter_operation(struct spi_message *m, struct chip *chip,
				      uint64_t now)
{
	const struct flash_message message = flash_message(m, chip);
	uint64_t until = now + 1;

	switch (flash_operation_admit(&message, m->log, now, &until)) {
	case FLASH_ADMITTED:
		return SPI_BEGIN_READY;
	case FLASH_LOST:
		return SPI_BEGIN_LOST;
	case FLASH_YIELDS:
		bus_recall(m->bus, &chip->handle->operation);
		break;
	case FLASH_WAITS:
		/* Once for each message, however often it is tried. */
		if (m->user.waits_for != &chip->handle->operation)
			counter_add(&m->stats->operation_waits, 1);
		break;
	}
	postpone(m, until, &chip->handle->operation, now);
	return SPI_BEGIN_WAITS;
}

/* What there is to know of the message that is about to be on the bus. */
static void describe(struct spi_message *m, const struct chip *chip,
		     const struct cs_request *framed,
		     const struct spi_head *head)
{
	bool leads = spi_message_lead(m);
	bool sends = leads || (framed && framed->tx);

	assert(leads || (framed && head)); /* a message has a first part */
	m->head = leads ? m->kept.parts[0].head : *head;
	m->header[0] = leads ? m->cs.opcode : framed->opcode;
	m->header[1] = leads && m->kept.len > 1 ? m->kept.bytes[1]
		       : framed			? framed->second
						: 0;
	/* Parts that are sent by themselves have no effect. */
	m->op = framed && sends ? cs_table_find(chip_table(chip), m->header[0])
				: NULL;
}

static bool get_bus(struct spi_message *m, struct chip *chip, uint64_t *now)
{
	struct bus *bus = &chip->handle->bus->bus;
	uint64_t not_before;

	if (m->bus && m->bus != bus)
		spi_turn_leave(m);
	m->bus = bus;
	stats_turn_waits(&m->stats->turn,
			 (unsigned int)(chip - m->controller->chips), *now);
	if (bus_await(m->bus, &m->user, now))
		return true;
	not_before = counter_get(&m->user.not_before);
	m->start_at = not_before > *now ? not_before : CLOCK_NEVER;
	return false;
}

enum spi_begin spi_turn_begin(struct spi_message *m, struct chip *chip,
			      const struct cs_request *framed,
			      const struct spi_head *head, uint64_t now)
{
	struct turn_stats *turn = &m->stats->turn;
	enum spi_begin begin;

	assert(m->cs.message != CS_HELD);
	describe(m, chip, framed, head);
	if (!get_bus(m, chip, &now))
		return SPI_BEGIN_WAITS;
	if (chip->handle->quiet_until > now) {
		/* Nobody else has to wait for this chip. */
		stats_turn_pauses(turn, now, chip->handle->quiet_until);
		postpone(m, chip->handle->quiet_until, NULL, now);
		return SPI_BEGIN_WAITS;
	}
	begin = enter_operation(m, chip, now);
	if (begin == SPI_BEGIN_READY)
		stats_turn_holds(turn, &chip->handle->bus->stats, now);
	return begin;
}

void spi_turn_leave_operation(struct spi_message *m, struct chip *chip,
			      const struct spi_answer *answer, uint64_t now)
{
	const struct flash_message message = flash_message(m, chip);

	if (flash_operation_done(&message, m->header, answer->last, now))
		bus_recall(m->bus, &chip->handle->operation);
}
