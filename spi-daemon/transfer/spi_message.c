/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/spi_message.h"

const char spi_message_too_long[] =
	"it had the bus for longer than max-message, and others wait";

struct chip *spi_message_chip(const struct spi_service *s, unsigned int index)
{
	return &s->controller->chips[index];
}

void spi_message_leave_bus(struct spi_service *s)
{
	stats_turn_is_given_up(&s->stats.turn);
	if (s->bus)
		bus_leave(s->bus, &s->user, clock_now());
	s->bus = NULL;
}

/* The bus is still ours, and so is what others read of it. */
static void end_turn(struct spi_service *s, struct chip *chip, uint64_t now)
{
	stats_turn_ends(&s->stats.turn, &chip->handle->stats, &chip->hold_ns,
			now);
}

/* The next select edge has to keep its distance. */
static void note_release(struct spi_service *s, struct chip *chip, uint64_t now)
{
	if (s->inactive_ns)
		chip->handle->quiet_until = now + s->inactive_ns;
}

void spi_message_end(struct spi_service *s, struct chip *chip)
{
	uint64_t now = clock_now();
	uint64_t behind;

	note_release(s, chip, now);
	end_turn(s, chip, now);
	behind = bus_linger(s->bus, &s->user, now);
	if (!behind) {
		s->bus = NULL;
		return;
	}
	/* What is on the ring already needs no waiting for. */
	s->linger_until = now + (behind > BUS_LINGER_NS ? BUS_LINGER_NS : 0);
}

void spi_message_fail(struct spi_service *s, struct chip *chip)
{
	uint64_t now = clock_now();

	note_release(s, chip, now);
	end_turn(s, chip, now);
	spi_message_leave_bus(s);
}

/* Releases the held chip. */
static struct chip *deselect(struct spi_service *s)
{
	struct chip *chip = spi_message_chip(s, s->cs.chip);
	int ret = spi_device_release(chip->handle->dev);

	if (ret < 0)
		spi_service_complain(s, "%s: release: %s", chip->spec->path,
				     strerror(-ret));
	return chip;
}

void spi_message_release(struct spi_service *s)
{
	if (s->cs.message == CS_OPEN)
		spi_message_fail(s, deselect(s));
}

void spi_message_cut(struct spi_service *s)
{
	if (s->cs.message != CS_OPEN)
		return;
	spi_message_release(s);
	chip_select_cut(&s->cs);
	s->cut_is_bounded = false;
}

void spi_message_bound_cut(struct spi_service *s, uint16_t pending)
{
	s->cut_is_bounded = true;
	s->cut_left = pending;
}

void spi_message_refuse(struct spi_service *s, uint16_t pending)
{
	if (s->cs.message != CS_OPEN)
		return;
	spi_message_release(s);
	/* Linux has one request in flight, so this is none of a message. */
	if (spi_message_chip(s, s->cs.chip)->spec->framing == CS_LINUX) {
		chip_select_close(&s->cs);
	} else {
		chip_select_cut(&s->cs);
		spi_message_bound_cut(s, pending);
	}
}

void spi_message_popped(struct spi_service *s)
{
	if (s->cs.message != CS_CUT || !s->cut_is_bounded)
		return;
	if (s->cut_left)
		s->cut_left--;
	else
		chip_select_close(&s->cs);
}

void spi_message_unpopped(struct spi_service *s)
{
	if (s->cs.message == CS_CUT)
		s->cut_left++;
}

bool spi_message_begin(struct spi_service *s, struct chip *chip, uint64_t now)
{
	struct pool_bus *pool_bus = chip->handle->bus;
	struct turn_stats *turn = &s->stats.turn;
	struct bus *bus = &pool_bus->bus;

	if (s->cs.message == CS_OPEN)
		spi_message_end(s, deselect(s));
	chip_select_close(&s->cs);
	if (s->bus != bus)
		spi_message_leave_bus(s);
	s->bus = bus;
	stats_turn_waits(turn, (unsigned int)(chip - s->controller->chips),
			 now);
	if (!bus_acquire(s->bus, &s->user, now)) {
		s->start_at = s->user.not_before > now ? s->user.not_before
						       : CLOCK_NEVER;
		return false;
	}
	if (chip->handle->quiet_until <= now) {
		stats_turn_holds(turn, &pool_bus->stats, now);
		return true;
	}
	/* Nobody else has to wait for this chip. */
	s->start_at = chip->handle->quiet_until;
	stats_turn_pauses(turn, now, s->start_at);
	bus_postpone(s->bus, &s->user, s->start_at, now);
	return false;
}

void spi_message_hold(struct spi_service *s, const struct chip *chip)
{
	s->hold_until = clock_now() + chip->spec->cs_hold_ms * NS_PER_MS;
}

/* How long a message for @chip has the bus, whoever waits. */
static uint64_t own_time_ends(const struct spi_service *s,
			      const struct chip *chip)
{
	return s->user.since + chip->spec->max_message_ms * NS_PER_MS;
}

bool spi_message_is_too_long(struct spi_service *s, const struct chip *chip,
			     uint64_t now)
{
	return now >= own_time_ends(s, chip) && bus_is_wanted(s->bus, now);
}

uint64_t spi_message_deadline(const struct spi_service *s)
{
	uint64_t own;

	if (s->cs.message != CS_OPEN)
		return s->bus ? s->linger_until : CLOCK_NEVER;
	own = own_time_ends(s, spi_message_chip(s, s->cs.chip));
	/* Most holds are short, and nobody has to be asked. */
	if (s->hold_until <= own)
		return s->hold_until;
	return bus_watch(s->bus, clock_now()) ? own : s->hold_until;
}

/* While the chip is held. */
static void end_long_message(struct spi_service *s, uint64_t now)
{
	const struct chip *chip = spi_message_chip(s, s->cs.chip);

	if (!spi_message_is_too_long(s, chip, now))
		return;
	spi_service_complain(s, "%s: message cut short: %s", chip->spec->path,
			     spi_message_too_long);
	counter_add(&s->stats.cuts[CUT_MAX_MESSAGE], 1);
	spi_message_cut(s);
}

void spi_message_tick(struct spi_service *s, uint64_t now)
{
	if (s->cs.message == CS_OPEN) {
		if (now >= s->hold_until) {
			counter_add(&s->stats.cuts[CUT_HOLD], 1);
			spi_message_cut(s);
		} else {
			end_long_message(s, now);
		}
	} else if (s->bus && now >= s->linger_until) {
		spi_message_leave_bus(s);
	}
}
