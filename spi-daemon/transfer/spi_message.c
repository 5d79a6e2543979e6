/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/spi_message.h"

const char spi_message_too_long[] =
	"it had the bus for longer than max-message, and others wait";

struct chip *spi_message_chip(const struct spi_message *m, unsigned int index)
{
	return &m->controller->chips[index];
}

void spi_message_leave_bus(struct spi_message *m)
{
	stats_turn_is_given_up(&m->stats->turn);
	if (m->bus)
		bus_leave(m->bus, &m->user, clock_now());
	m->bus = NULL;
}

/* The bus is still ours, and so is what others read of it. */
static void end_turn(struct spi_message *m, struct chip *chip, uint64_t now)
{
	stats_turn_ends(&m->stats->turn, &chip->handle->stats, &chip->hold_ns,
			now);
}

/* The next select edge has to keep its distance. */
static void note_release(struct spi_message *m, struct chip *chip, uint64_t now)
{
	if (m->inactive_ns)
		chip->handle->quiet_until = now + m->inactive_ns;
}

void spi_message_end(struct spi_message *m, struct chip *chip)
{
	uint64_t now = clock_now();
	uint64_t behind;

	note_release(m, chip, now);
	end_turn(m, chip, now);
	behind = bus_linger(m->bus, &m->user, now);
	if (!behind) {
		m->bus = NULL;
		return;
	}
	/* What is on the ring already needs no waiting for. */
	m->linger_until = now + (behind > BUS_LINGER_NS ? BUS_LINGER_NS : 0);
}

void spi_message_fail(struct spi_message *m, struct chip *chip)
{
	uint64_t now = clock_now();

	note_release(m, chip, now);
	end_turn(m, chip, now);
	spi_message_leave_bus(m);
}

/* Releases the held chip. */
static struct chip *deselect(struct spi_message *m)
{
	struct chip *chip = spi_message_chip(m, m->cs.chip);
	int ret = spi_device_release(chip->handle->dev);

	if (ret < 0)
		guest_log_warning(m->log, "%s: release: %s: %s",
				  chip->spec->path,
				  spi_device_failed_step(chip->handle->dev,
							 "chip select"),
				  strerror(-ret));
	return chip;
}

void spi_message_release(struct spi_message *m)
{
	if (m->cs.message == CS_OPEN)
		spi_message_fail(m, deselect(m));
}

void spi_message_cut(struct spi_message *m)
{
	if (m->cs.message != CS_OPEN)
		return;
	spi_message_release(m);
	chip_select_cut(&m->cs);
	m->cut_is_bounded = false;
}

void spi_message_bound_cut(struct spi_message *m, uint16_t pending)
{
	m->cut_is_bounded = true;
	m->cut_left = pending;
}

void spi_message_refuse(struct spi_message *m, uint16_t pending)
{
	if (m->cs.message != CS_OPEN)
		return;
	spi_message_release(m);
	/* Linux has one request in flight, so this is none of a message. */
	if (spi_message_chip(m, m->cs.chip)->spec->framing == CS_LINUX) {
		chip_select_close(&m->cs);
	} else {
		chip_select_cut(&m->cs);
		spi_message_bound_cut(m, pending);
	}
}

void spi_message_popped(struct spi_message *m)
{
	if (m->cs.message != CS_CUT || !m->cut_is_bounded)
		return;
	if (m->cut_left)
		m->cut_left--;
	else
		chip_select_close(&m->cs);
}

void spi_message_unpopped(struct spi_message *m)
{
	if (m->cs.message == CS_CUT)
		m->cut_left++;
}

int spi_message_init(struct spi_message *m, struct controller *controller,
		     struct guest_stats *stats, struct guest_log *log)
{
	*m = (struct spi_message){
		.controller = controller,
		.stats = stats,
		.log = log,
	};
	return bus_user_init(&m->user, controller->chip_count);
}

void spi_message_fini(struct spi_message *m)
{
	bus_user_fini(&m->user);
}

bool spi_message_begin(struct spi_message *m, struct chip *chip, uint64_t now)
{
	struct pool_bus *pool_bus = chip->handle->bus;
	struct turn_stats *turn = &m->stats->turn;
	struct bus *bus = &pool_bus->bus;

	if (m->cs.message == CS_OPEN)
		spi_message_end(m, deselect(m));
	chip_select_close(&m->cs);
	if (m->bus != bus)
		spi_message_leave_bus(m);
	m->bus = bus;
	stats_turn_waits(turn, (unsigned int)(chip - m->controller->chips),
			 now);
	if (!bus_acquire(m->bus, &m->user, now)) {
		m->start_at = m->user.not_before > now ? m->user.not_before
						       : CLOCK_NEVER;
		return false;
	}
	if (chip->handle->quiet_until <= now) {
		stats_turn_holds(turn, &pool_bus->stats, now);
		return true;
	}
	/* Nobody else has to wait for this chip. */
	m->start_at = chip->handle->quiet_until;
	stats_turn_pauses(turn, now, m->start_at);
	bus_postpone(m->bus, &m->user, m->start_at, now);
	return false;
}

void spi_message_hold(struct spi_message *m, const struct chip *chip)
{
	m->hold_until = clock_now() + chip->spec->cs_hold_ms * NS_PER_MS;
}

/* How long a message for @chip has the bus, whoever waits. */
static uint64_t own_time_ends(const struct spi_message *m,
			      const struct chip *chip)
{
	return m->user.since + chip->spec->max_message_ms * NS_PER_MS;
}

bool spi_message_is_too_long(struct spi_message *m, const struct chip *chip,
			     uint64_t now)
{
	return now >= own_time_ends(m, chip) && bus_is_wanted(m->bus, now);
}

uint64_t spi_message_deadline(const struct spi_message *m)
{
	uint64_t own;

	if (m->cs.message != CS_OPEN)
		return m->bus ? m->linger_until : CLOCK_NEVER;
	own = own_time_ends(m, spi_message_chip(m, m->cs.chip));
	/* Most holds are short, and nobody has to be asked. */
	if (m->hold_until <= own)
		return m->hold_until;
	return bus_watch(m->bus, clock_now()) ? own : m->hold_until;
}

/* While the chip is held. */
static void end_long_message(struct spi_message *m, uint64_t now)
{
	const struct chip *chip = spi_message_chip(m, m->cs.chip);

	if (!spi_message_is_too_long(m, chip, now))
		return;
	guest_log_warning(m->log, "%s: message cut short: %s", chip->spec->path,
			  spi_message_too_long);
	counter_add(&m->stats->cuts[CUT_MAX_MESSAGE], 1);
	spi_message_cut(m);
}

void spi_message_tick(struct spi_message *m, uint64_t now)
{
	if (m->cs.message == CS_OPEN) {
		if (now >= m->hold_until) {
			counter_add(&m->stats->cuts[CUT_HOLD], 1);
			spi_message_cut(m);
		} else {
			end_long_message(m, now);
		}
	} else if (m->bus && now >= m->linger_until) {
		spi_message_leave_bus(m);
	}
}
