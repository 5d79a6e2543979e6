/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/spi_lease.h"
#include "spi-daemon/transfer/spi_turn.h"

const char spi_lease_too_long[] =
	"it had the bus for longer than max-message, and others wait";

/* How long a message for @chip has the bus, whoever waits. */
static uint64_t own_time_ends(const struct spi_message *m,
			      const struct chip *chip)
{
	return m->user.since + chip->spec->max_message_ms * NS_PER_MS;
}

bool spi_lease_is_too_long(struct spi_message *m, const struct chip *chip,
			   uint64_t now)
{
	return now >= own_time_ends(m, chip) && bus_is_wanted(m->bus, now);
}

/*
 * Returns true if only time tells whether the message, which is HELD, is over.
 * Then the chip is released after cs-hold, whether anybody waits or not: some
 * chips act on that edge.
 */
static bool may_be_over(const struct spi_message *m)
{
	const struct chip *chip = spi_message_own_chip(m);
	enum cs_framing framing = chip_framing(chip);

	if (m->paused)
		return false;
	return framing == CS_LINUX ||
	       (framing == CS_TABLE &&
		!cs_table_find(chip->spec->table, m->cs.opcode));
}

/* When the lease of the held chip ends, if somebody wants the bus. */
static uint64_t lease_ends(const struct spi_message *m)
{
	uint64_t own = own_time_ends(m, spi_message_own_chip(m));

	if (m->paused)
		return 0;
	return m->hold_until < own ? m->hold_until : own;
}

static uint64_t held_deadline(const struct spi_message *m)
{
	uint64_t now = clock_now(), lease = lease_ends(m);
	uint64_t unwanted = may_be_over(m) ? m->hold_until : CLOCK_NEVER;

	/* Most holds are short, and nobody has to be asked. */
	if (lease == m->hold_until && now < lease)
		return lease;
	return bus_watch(m->bus, now) ? lease : unwanted;
}

uint64_t spi_lease_deadline(const struct spi_message *m)
{
	switch (m->cs.message) {
	case CS_HELD:
		return held_deadline(m);
	case CS_KEPT:
		if (m->paused)
			return CLOCK_NEVER;
		return m->bus ? m->start_at : m->hold_until;
	case CS_CLOSED:
	case CS_LATE:
	case CS_CUT:
		break;
	}
	return m->bus ? m->linger_until : CLOCK_NEVER;
}

/* The lease is over, or its guest has nothing more to say. */
static void end_hold(struct spi_message *m)
{
	counter_add(&m->stats->cuts[CUT_HOLD], 1);
	if (m->kept.count) {
		spi_message_release(m);
		chip_select_released(&m->cs);
	} else {
		spi_message_cut(m);
	}
}

static void tick_held(struct spi_message *m, uint64_t now)
{
	const struct chip *chip = spi_message_own_chip(m);

	if (now >= m->hold_until && may_be_over(m)) {
		end_hold(m);
	} else if (now < lease_ends(m) || !bus_is_wanted(m->bus, now)) {
		return;
	} else if (m->paused || now >= m->hold_until) {
		end_hold(m);
	} else {
		guest_log_warning(m->log, "%s: message cut short: %s",
				  chip->spec->path, spi_lease_too_long);
		counter_add(&m->stats->cuts[CUT_MAX_MESSAGE], 1);
		spi_message_cut(m);
	}
}

void spi_lease_tick(struct spi_message *m, uint64_t now)
{
	if (m->cs.message == CS_HELD) {
		tick_held(m, now);
	} else if (m->cs.message == CS_KEPT) {
		if (!m->paused && now >= m->hold_until &&
		    spi_turn_begin(m, spi_message_own_chip(m), NULL, NULL,
				   now) == SPI_BEGIN_READY)
			spi_message_send_kept(m, spi_message_own_chip(m));
	} else if (m->bus && now >= m->linger_until) {
		spi_turn_leave(m);
	}
}

void spi_lease_pause(struct spi_message *m)
{
	m->paused = true;
	spi_message_leave_bus(m);
}

void spi_lease_resume(struct spi_message *m, uint64_t now)
{
	if (m->paused && (m->cs.message == CS_KEPT || m->cs.message == CS_HELD))
		m->hold_until =
			now +
			spi_message_own_chip(m)->spec->cs_hold_ms * NS_PER_MS;
	m->paused = false;
}
