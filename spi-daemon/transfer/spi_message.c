/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/framing/flash_operation.h"
#include "spi-daemon/transfer/spi_message.h"

const char spi_message_too_long[] =
	"it had the bus for longer than max-message, and others wait";

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

struct chip *spi_message_chip(const struct spi_message *m, unsigned int index)
{
	return &m->controller->chips[index];
}

/* The chip of the message, which is not closed. */
static struct chip *own_chip(const struct spi_message *m)
{
	return spi_message_chip(m, m->cs.chip);
}

static void leave_bus(struct spi_message *m)
{
	stats_turn_is_given_up(&m->stats->turn);
	if (m->bus)
		bus_leave(m->bus, &m->user, clock_now());
	m->bus = NULL;
}

void spi_message_leave_bus(struct spi_message *m)
{
	if (m->cs.message != CS_HELD)
		leave_bus(m);
}

/* The chip was released: the next select edge has to keep its distance. */
static uint64_t end_turn(struct spi_message *m, struct chip *chip)
{
	uint64_t now = clock_now();

	if (m->inactive_ns)
		chip->handle->quiet_until = now + m->inactive_ns;
	/* The bus is still ours, and so is what others read of it. */
	stats_turn_ends(&m->stats->turn, &chip->handle->stats, &chip->hold_ns,
			now);
	return now;
}

/* The chip was released at the end of its message. */
static void end_message(struct spi_message *m, struct chip *chip)
{
	uint64_t now = end_turn(m, chip);
	uint64_t behind = bus_linger(m->bus, &m->user, now);

	if (!behind) {
		m->bus = NULL;
		return;
	}
	/* What is on the ring already needs no waiting for. */
	m->linger_until = now + (behind > BUS_LINGER_NS ? BUS_LINGER_NS : 0);
}

/* Releases the held chip. */
static struct chip *deselect(struct spi_message *m)
{
	struct chip *chip = own_chip(m);
	int ret = spi_device_release(chip->handle->dev);

	if (ret < 0)
		guest_log_warning(m->log, "%s: release: %s: %s",
				  chip->spec->path,
				  spi_device_failed_step(chip->handle->dev,
							 "chip select"),
				  strerror(-ret));
	return chip;
}

/* Releases the held chip; the message is not at its end. */
static void release(struct spi_message *m)
{
	end_turn(m, deselect(m));
	leave_bus(m);
}

void spi_message_fail(struct spi_message *m, struct chip *chip,
		      uint32_t inactive_ns)
{
	spi_device_release(chip->handle->dev);
	m->inactive_ns = inactive_ns;
	end_turn(m, chip);
	leave_bus(m);
	if (m->cs.message == CS_HELD)
		chip_select_cut(&m->cs);
}

void spi_message_cut(struct spi_message *m)
{
	if (m->cs.message == CS_CLOSED || m->cs.message == CS_CUT)
		return;
	if (m->cs.message == CS_HELD)
		release(m);
	kept_parts_clear(&m->kept);
	chip_select_cut(&m->cs);
	m->cut_is_bounded = false;
}

static void bound_cut(struct spi_message *m, uint16_t pending)
{
	m->cut_is_bounded = true;
	m->cut_left = pending;
}

void spi_message_request_failed(struct spi_message *m,
				const struct cs_request *framed,
				const struct cs_plan *plan, uint16_t pending)
{
	if (m->cs.message == CS_HELD)
		spi_message_cut(m);
	kept_parts_clear(&m->kept);
	chip_select_failed(&m->cs, framed, plan);
	bound_cut(m, pending);
}

void spi_message_refuse(struct spi_message *m, uint16_t pending)
{
	if (m->cs.message == CS_CLOSED || m->cs.message == CS_CUT)
		return;
	spi_message_cut(m);
	/* Linux has one request in flight, so this is none of a message. */
	if (own_chip(m)->spec->framing == CS_LINUX)
		chip_select_close(&m->cs);
	else
		bound_cut(m, pending);
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

void spi_message_reset(struct spi_message *m)
{
	spi_message_cut(m);
	chip_select_close(&m->cs);
	leave_bus(m);
	m->epoch++;
	for (unsigned int i = 0; i < m->controller->chip_count; i++)
		m->controller->chips[i].own = (struct own_operation){ 0 };
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
		.guest = (uint64_t)m->controller->number << 32 | m->epoch,
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
	m->op = framed && sends
			? flash_ops_find(chip->spec->framing, m->header[0])
			: NULL;
}

static bool get_bus(struct spi_message *m, struct chip *chip, uint64_t now)
{
	struct bus *bus = &chip->handle->bus->bus;

	if (m->bus != bus)
		leave_bus(m);
	m->bus = bus;
	stats_turn_waits(&m->stats->turn,
			 (unsigned int)(chip - m->controller->chips), now);
	if (bus_acquire(m->bus, &m->user, now))
		return true;
	m->start_at = m->user.not_before > now ? m->user.not_before
					       : CLOCK_NEVER;
	return false;
}

enum spi_begin spi_message_begin(struct spi_message *m, struct chip *chip,
				 const struct cs_request *framed,
				 const struct spi_head *head, uint64_t now)
{
	struct turn_stats *turn = &m->stats->turn;
	enum spi_begin begin;

	assert(m->cs.message != CS_HELD);
	describe(m, chip, framed, head);
	if (!get_bus(m, chip, now))
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

/* The opcode that asks a flash who made it. */
#define READ_ID 0x9f

static bool reads_id(const struct cs_request *framed,
		     const struct spi_message *m)
{
	return framed->framing == CS_LINUX && framed->rx && !framed->tx &&
	       m->cs.message != CS_CLOSED && m->cs.opcode == READ_ID &&
	       m->cs.len == 1;
}

/* The chip has said who it is, to a driver of flash chips. */
static void note_id(struct spi_message *m, struct chip *chip,
		    const struct spi_answer *answer)
{
	uint8_t maker = answer->first[0];

	if (!maker || maker == 0xff || chip->is_flash)
		return;
	chip->is_flash = true;
	guest_log_warning(m->log,
			  "%s: chip select %u is a flash: with cs=linux its "
			  "commands are torn apart; use cs=nor or cs=nand",
			  chip->spec->path,
			  (unsigned int)(chip - m->controller->chips));
}

#define NOR_CHIP_ERASE	   0xc7
#define NOR_CHIP_ERASE_OLD 0x60

/*
 * Linux sends the command itself as one byte. What is longer is an address, or
 * data, whose command was a message of its own; write is enabled by now.
 */
bool spi_message_is_torn_erase(const struct spi_message *m,
			       const struct cs_request *framed)
{
	return framed->framing == CS_LINUX && framed->tx && !framed->rx &&
	       framed->len > 1 && spi_message_chip(m, framed->chip)->is_flash &&
	       (framed->opcode == NOR_CHIP_ERASE ||
		framed->opcode == NOR_CHIP_ERASE_OLD);
}

bool spi_message_watches(const struct spi_message *m,
			 const struct cs_request *framed)
{
	return (m->op && m->op->role == FLASH_STATUS) || reads_id(framed, m);
}

int spi_message_keep(struct spi_message *m, const struct cs_request *framed,
		     const struct cs_plan *plan,
		     const struct spi_request *request,
		     const struct guest_mem *mem)
{
	const struct chip *chip = spi_message_chip(m, framed->chip);
	struct chain_cursor tx = request->tx;
	uint8_t *bytes;

	if (m->cs.message == CS_HELD)
		return 0;
	bytes = kept_parts_add(&m->kept, &request->head, request->tx_len, chip);
	if (!bytes)
		return 0;
	if (chain_read(&tx, mem, bytes, request->tx_len) < 0)
		return -EFAULT;
	/* It may have waited to send the parts by themselves. */
	leave_bus(m);
	chip_select_deferred(&m->cs, framed, plan);
	m->hold_until = clock_now() + chip->spec->cs_hold_ms * NS_PER_MS;
	return 1;
}

const struct kept_parts *spi_message_lead(const struct spi_message *m)
{
	return m->cs.message == CS_KEPT || m->cs.message == CS_LATE ? &m->kept
								    : NULL;
}

void spi_message_lead_sent(struct spi_message *m)
{
	chip_select_sent(&m->cs);
	kept_parts_clear(&m->kept);
}

void spi_message_copy(struct spi_message *m, const struct cs_request *framed,
		      const struct cs_plan *plan,
		      const struct spi_request *request,
		      const struct guest_mem *mem)
{
	const struct chip *chip = spi_message_chip(m, framed->chip);
	struct chain_cursor tx = request->tx;
	uint8_t *bytes;

	if (!chip->spec->late_again || framed->framing != CS_LINUX ||
	    !plan->keep)
		return;
	bytes = kept_parts_add(&m->kept, &request->head, request->tx_len, chip);
	if (bytes && chain_read(&tx, mem, bytes, request->tx_len) < 0)
		kept_parts_clear(&m->kept);
}

/* The message is over, and so may be the operation that it belongs to. */
static void leave_operation(struct spi_message *m, struct chip *chip,
			    const struct spi_answer *answer)
{
	const struct flash_message message = flash_message(m, chip);

	if (flash_operation_done(&message, m->header, answer->last,
				 clock_now()))
		bus_recall(m->bus, &chip->handle->operation);
}

void spi_message_part_done(struct spi_message *m,
			   const struct cs_request *framed,
			   const struct cs_plan *plan,
			   const struct spi_transfer *transfer)
{
	struct chip *chip = spi_message_chip(m, framed->chip);

	m->inactive_ns = transfer->request.head.cs_change_delay_inactive_ns;
	if (reads_id(framed, m))
		note_id(m, chip, &transfer->answer);
	chip_select_done(&m->cs, framed, plan);
	if (plan->keep) {
		m->hold_until =
			clock_now() + chip->spec->cs_hold_ms * NS_PER_MS;
		return;
	}
	kept_parts_clear(&m->kept);
	leave_operation(m, chip, &transfer->answer);
	end_message(m, chip);
}

/*
 * Sends the kept parts by themselves, with the bus. Their guest was told that
 * they were sent, so an error is that of the message's next request.
 */
static void send_kept(struct spi_message *m, struct chip *chip)
{
	struct spi_piece pieces[KEPT_PARTS_MAX];
	int ret;

	m->inactive_ns = kept_parts_last(&m->kept)->cs_change_delay_inactive_ns;
	kept_parts_link(&m->kept, chip, pieces, NULL);
	pieces[m->kept.count - 1].keep = false;
	ret = spi_device_transfer(chip->handle->dev, pieces);
	end_turn(m, chip);
	leave_bus(m);
	if (ret < 0) {
		counter_add(&chip->handle->stats.errors, 1);
		guest_log_warning(m->log, "%s: %s", chip->spec->path,
				  strerror(-ret));
		kept_parts_clear(&m->kept);
		chip_select_cut(&m->cs);
		m->cut_is_bounded = false;
		return;
	}
	chip_select_sent(&m->cs);
	chip_select_released(&m->cs);
}

bool spi_message_close(struct spi_message *m, uint64_t now)
{
	struct chip *chip = own_chip(m);

	if (m->cs.message == CS_KEPT) {
		if (spi_message_begin(m, chip, NULL, NULL, now) !=
		    SPI_BEGIN_READY)
			return false;
		send_kept(m, chip);
	} else if (m->cs.message == CS_HELD) {
		end_message(m, deselect(m));
	}
	kept_parts_clear(&m->kept);
	chip_select_close(&m->cs);
	return true;
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

/*
 * Returns true if only time tells whether the message, which is HELD, is over.
 * Then the chip is released after cs-hold, whether anybody waits or not: some
 * chips act on that edge.
 */
static bool may_be_over(const struct spi_message *m)
{
	enum cs_framing framing = own_chip(m)->spec->framing;

	if (m->paused)
		return false;
	return framing == CS_LINUX || (flash_ops_has_table(framing) &&
				       !flash_ops_find(framing, m->cs.opcode));
}

/* When the lease of the held chip ends, if somebody wants the bus. */
static uint64_t lease_ends(const struct spi_message *m)
{
	uint64_t own = own_time_ends(m, own_chip(m));

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

uint64_t spi_message_deadline(const struct spi_message *m)
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
		release(m);
		chip_select_released(&m->cs);
	} else {
		spi_message_cut(m);
	}
}

static void tick_held(struct spi_message *m, uint64_t now)
{
	const struct chip *chip = own_chip(m);

	if (now >= m->hold_until && may_be_over(m)) {
		end_hold(m);
	} else if (now < lease_ends(m) || !bus_is_wanted(m->bus, now)) {
		return;
	} else if (m->paused || now >= m->hold_until) {
		end_hold(m);
	} else {
		guest_log_warning(m->log, "%s: message cut short: %s",
				  chip->spec->path, spi_message_too_long);
		counter_add(&m->stats->cuts[CUT_MAX_MESSAGE], 1);
		spi_message_cut(m);
	}
}

void spi_message_tick(struct spi_message *m, uint64_t now)
{
	if (m->cs.message == CS_HELD) {
		tick_held(m, now);
	} else if (m->cs.message == CS_KEPT) {
		if (!m->paused && now >= m->hold_until &&
		    spi_message_begin(m, own_chip(m), NULL, NULL, now) ==
			    SPI_BEGIN_READY)
			send_kept(m, own_chip(m));
	} else if (m->bus && now >= m->linger_until) {
		leave_bus(m);
	}
}

void spi_message_pause(struct spi_message *m)
{
	m->paused = true;
	spi_message_leave_bus(m);
}

void spi_message_resume(struct spi_message *m, uint64_t now)
{
	if (m->paused && (m->cs.message == CS_KEPT || m->cs.message == CS_HELD))
		m->hold_until = now + own_chip(m)->spec->cs_hold_ms * NS_PER_MS;
	m->paused = false;
}
