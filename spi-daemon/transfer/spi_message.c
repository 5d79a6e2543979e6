/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "spi-daemon/framing/auto_framing.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/spi_message.h"
#include "spi-daemon/transfer/spi_turn.h"

int spi_message_init(struct spi_message *m, struct controller *controller,
		     struct guest_stats *stats, struct guest_log *log)
{
	*m = (struct spi_message){
		.controller = controller,
		.stats = stats,
		.log = log,
		.guest = (uint64_t)controller->number << 32,
	};
	return bus_user_init(&m->user, controller->chip_count);
}

void spi_message_fini(struct spi_message *m)
{
	bus_user_fini(&m->user);
}

void spi_message_leave_bus(struct spi_message *m)
{
	if (m->cs.message != CS_HELD)
		spi_turn_leave(m);
}

void spi_message_release(struct spi_message *m)
{
	struct chip *chip = spi_turn_deselect(m);

	spi_turn_released(m, chip, clock_now());
	spi_turn_leave(m);
}

void spi_message_fail(struct spi_message *m, struct chip *chip,
		      uint32_t inactive_ns)
{
	spi_device_release(chip->handle->dev);
	m->inactive_ns = inactive_ns;
	spi_turn_released(m, chip, clock_now());
	spi_turn_leave(m);
	if (m->cs.message == CS_HELD)
		chip_select_cut(&m->cs);
}

void spi_message_cut(struct spi_message *m)
{
	if (m->cs.message == CS_CLOSED || m->cs.message == CS_CUT)
		return;
	if (m->cs.message == CS_HELD)
		spi_message_release(m);
	kept_parts_clear(&m->kept);
	chip_select_cut(&m->cs);
	m->cut_left = SPI_CUT_ANY;
}

void spi_message_request_failed(struct spi_message *m,
				const struct cs_request *framed,
				const struct cs_plan *plan, uint16_t pending)
{
	if (m->cs.message == CS_HELD)
		spi_message_cut(m);
	kept_parts_clear(&m->kept);
	chip_select_failed(&m->cs, framed, plan);
	m->cut_left = pending;
}

void spi_message_refuse(struct spi_message *m, uint16_t pending)
{
	if (m->cs.message == CS_CLOSED || m->cs.message == CS_CUT)
		return;
	spi_message_cut(m);
	/* Linux has one request in flight, so this is none of a message. */
	if (chip_framing(spi_message_own_chip(m)) == CS_LINUX)
		chip_select_close(&m->cs);
	else
		m->cut_left = pending;
}

void spi_message_lose(struct spi_message *m, uint16_t pending)
{
	if (m->cs.message == CS_CUT && m->cut_left != SPI_CUT_ANY &&
	    m->cut_left < pending)
		m->cut_left = pending;
}

uint32_t spi_message_note(const struct spi_message *m)
{
	if (m->cs.message == CS_CUT && !m->cut_left)
		return 0;
	return chip_select_note(&m->cs);
}

void spi_message_popped(struct spi_message *m)
{
	if (m->cs.message != CS_CUT || m->cut_left == SPI_CUT_ANY)
		return;
	if (m->cut_left)
		m->cut_left--;
	else
		chip_select_close(&m->cs);
}

void spi_message_unpopped(struct spi_message *m)
{
	if (m->cs.message == CS_CUT && m->cut_left != SPI_CUT_ANY)
		m->cut_left++;
}

void spi_message_reset(struct spi_message *m)
{
	spi_message_cut(m);
	chip_select_close(&m->cs);
	spi_turn_leave(m);
	m->guest++;
	for (unsigned int i = 0; i < m->controller->chip_count; i++)
		m->controller->chips[i].own = (struct own_operation){ 0 };
}

/* The opcode that asks a flash who made it, and the shortest answer, bytes */
#define READ_ID	   0x9f
#define ID_LEN_MIN 2

static bool reads_id(const struct cs_request *framed,
		     const struct spi_message *m)
{
	return framed->framing == CS_LINUX && framed->rx && !framed->tx &&
	       m->cs.message != CS_CLOSED && m->cs.opcode == READ_ID &&
	       m->cs.len == 1 && framed->len >= ID_LEN_MIN;
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
			  "%s: chip select %u is a flash: with cs=%s its "
			  "commands are torn apart; use cs=nor, cs=nand or "
			  "cs=at45",
			  chip->spec->path,
			  (unsigned int)(chip - m->controller->chips),
			  chip->shown ? "auto, which is linux here," : "linux");
}

/* The request has shown something, with cs=auto. */
static void tell_shown(struct spi_message *m, const struct chip *chip)
{
	static const char *const why[] = {
		[AUTO_NOR] = "it is a NOR flash",
		[AUTO_NAND] = "it is a NAND flash",
		[AUTO_SPEC] = "the guest sends the end of a message",
		[AUTO_TPM] = "it is a TPM",
		[AUTO_AT45] = "it is a DataFlash",
	};

	guest_log_info(m->log,
		       "%s: chip select %u: %s: cs=auto is %s from "
		       "now on",
		       chip->spec->path,
		       (unsigned int)(chip - m->controller->chips),
		       why[counter_get(chip->shown)], chip_shown_name(chip));
}

void spi_message_look(struct spi_message *m, struct chip *chip,
		      const struct cs_request *framed)
{
	if (auto_framing_look(chip, framed))
		tell_shown(m, chip);
}

/* The request @framed, which is not counted in ->cs yet, was done, or kept. */
static void note_request(struct spi_message *m, struct chip *chip,
			 const struct cs_request *framed,
			 const struct spi_answer *answer)
{
	bool reads = reads_id(framed, m);

	if (auto_framing_note(chip, framed, &m->cs, answer->first))
		tell_shown(m, chip);
	else if (reads)
		note_id(m, chip, answer);
}

#define NOR_CHIP_ERASE	   0xc7
#define NOR_CHIP_ERASE_OLD 0x60

/*
 * Linux sends the command itself as one byte. What is longer is an address, or
 * data, whose command was a message of its own; write is enabled by now.
 */
bool spi_message_is_torn_erase(const struct chip *chip,
			       const struct cs_request *framed)
{
	return framed->framing == CS_LINUX && framed->tx && !framed->rx &&
	       framed->len > 1 && chip->is_flash &&
	       (framed->opcode == NOR_CHIP_ERASE ||
		framed->opcode == NOR_CHIP_ERASE_OLD);
}

bool spi_message_watches(const struct spi_message *m,
			 const struct cs_request *framed)
{
	return (m->op && m->op->effect == EFFECT_STATUS) || reads_id(framed, m);
}

int spi_message_keep(struct spi_message *m, struct chip *chip,
		     const struct cs_request *framed,
		     const struct cs_plan *plan,
		     const struct spi_request *request,
		     const struct guest_mem *mem)
{
	static const struct spi_answer none;
	uint8_t *bytes;

	if (m->cs.message == CS_HELD)
		return 0;
	bytes = kept_parts_add(&m->kept, &request->head, request->tx_len, chip);
	if (!bytes)
		return 0;
	if (chain_peek(&request->tx, mem, bytes, request->tx_len) < 0)
		return -EFAULT;
	/* It may have waited to send the parts by themselves. */
	spi_turn_leave(m);
	note_request(m, chip, framed, &none);
	chip_select_deferred(&m->cs, framed, plan);
	m->hold_until = clock_now() + chip->spec->cs_hold_ms * NS_PER_MS;
	return 1;
}

void spi_message_lead_sent(struct spi_message *m)
{
	chip_select_sent(&m->cs);
	kept_parts_clear(&m->kept);
}

void spi_message_copy(struct spi_message *m, const struct chip *chip,
		      const struct cs_request *framed,
		      const struct cs_plan *plan,
		      const struct spi_request *request,
		      const struct guest_mem *mem)
{
	uint8_t *bytes;

	if (!chip->spec->late_again || framed->framing != CS_LINUX ||
	    !plan->keep)
		return;
	bytes = kept_parts_add(&m->kept, &request->head, request->tx_len, chip);
	if (bytes && chain_peek(&request->tx, mem, bytes, request->tx_len) < 0)
		kept_parts_clear(&m->kept);
}

void spi_message_part_done(struct spi_message *m, struct chip *chip,
			   const struct cs_request *framed,
			   const struct cs_plan *plan,
			   const struct spi_transfer *transfer, uint64_t now)
{
	m->inactive_ns = transfer->request.head.cs_change_delay_inactive_ns;
	note_request(m, chip, framed, &transfer->answer);
	chip_select_done(&m->cs, framed, plan);
	if (plan->keep) {
		m->hold_until = now + chip->spec->cs_hold_ms * NS_PER_MS;
		return;
	}
	kept_parts_clear(&m->kept);
	spi_turn_leave_operation(m, chip, &transfer->answer, now);
	spi_turn_end(m, chip, now);
}

/* Returns true if the kept parts may be sent once more, with the rest. */
static bool may_send_again(const struct spi_message *m, const struct chip *chip)
{
	const struct cs_command *command =
		cs_table_find(chip_table(chip), m->cs.opcode);

	return !command || command->again;
}

/* Nothing that comes later can follow the parts. */
static void lose_kept(struct spi_message *m)
{
	kept_parts_clear(&m->kept);
	chip_select_cut(&m->cs);
	m->cut_left = SPI_CUT_ANY;
}

void spi_message_send_kept(struct spi_message *m, struct chip *chip)
{
	struct spi_piece pieces[KEPT_PARTS_MAX];
	int ret;

	m->inactive_ns = kept_parts_last(&m->kept)->cs_change_delay_inactive_ns;
	kept_parts_link(&m->kept, chip, pieces, NULL);
	pieces[m->kept.count - 1].keep = false;
	ret = spi_device_transfer(chip->handle->dev, pieces);
	spi_turn_released(m, chip, clock_now());
	spi_turn_leave(m);
	if (ret < 0) {
		counter_add(&chip->handle->stats.errors, 1);
		guest_log_warning(m->log, "%s: %s", chip->spec->path,
				  strerror(-ret));
		lose_kept(m);
		return;
	}
	chip_select_sent(&m->cs);
	chip_select_released(&m->cs);
	if (!may_send_again(m, chip))
		lose_kept(m);
}

bool spi_message_close(struct spi_message *m, uint64_t now)
{
	struct chip *chip = spi_message_own_chip(m);

	if (m->cs.message == CS_KEPT) {
		if (spi_turn_begin(m, chip, NULL, NULL, now) != SPI_BEGIN_READY)
			return false;
		spi_message_send_kept(m, chip);
	} else if (m->cs.message == CS_HELD) {
		chip = spi_turn_deselect(m);
		spi_turn_end(m, chip, clock_now());
	}
	kept_parts_clear(&m->kept);
	chip_select_close(&m->cs);
	return true;
}
