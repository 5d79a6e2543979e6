/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a guest's service takes along to another host, as a front end brings it:
 * all of it is taken over, or nothing.
 *
 * Front end: any bytes, of any length up to the bound. Operator: any chips.
 * Bound: 2 chips, and so many bytes that 2 parts can be kept, with 6 bytes in
 * all. Whether a part fits to those that are kept, and where a message is in
 * its command, is anything: parts.c has the proof of that.
 *
 * cbmc: --unwind 3 --object-bits 10 --conversion-check
 */
#include "tests/prove/prove.h"

#include "virtio/ring/chain.h"

/* What is copied is anything: a structure, or the first of some bytes. */
#define memcpy(to, from, len)              \
	do {                               \
		__typeof__(*(to)) value;   \
		check_copy(to, from, len); \
		if (len)                   \
			*(to) = value;     \
	} while (0)
#define memset(to, byte, len) check_set(to, len)

#include "spi-daemon/framing/table/cs_table.h"

static struct cs_command command;

/* What a chip has for a first byte, if it has a table */
static const struct cs_command *find_command_of(const struct cs_table *table)
{
	return table && nondet_bool() ? &command : NULL;
}

#define cs_table_find(table, first) find_command_of(table)

#include "spi-daemon/system/clock.h"
#define clock_now() nondet_u64()

#include "spi-daemon/framing/chip_select.c"
#include "spi-daemon/transfer/spi_message.c"
#include "spi-daemon/transfer/spi_state.c"

#define CHIPS 2
#define MOST  (sizeof(struct wire_state) + 2 * sizeof(struct wire_part) + 6 + 2)

static struct chip chips[CHIPS];
static struct counter shown[CHIPS];

/* How many parts were valid, and how often a message was begun anew. */
static unsigned int valid, resets;

bool cs_command_step(const struct cs_command *c, struct cs_place *place,
		     uint64_t len, bool receives)
{
	struct cs_place any;

	assert(c == &command && !receives);
	(void)len;
	*place = any;
	return nondet_bool();
}

uint8_t *kept_parts_add(struct kept_parts *kept, const struct spi_head *head,
			uint64_t len, const struct chip *chip)
{
	uint8_t *bytes = kept->bytes + kept->len;

	assert(chip == &chips[head->chip_select_id]);
	if (len > KEPT_BYTES_MAX - kept->len || nondet_bool())
		return NULL;
	kept->parts[kept->count].head = *head;
	kept->parts[kept->count++].len = (uint16_t)len;
	kept->len += (uint32_t)len;
	return bytes;
}

void kept_parts_clear(struct kept_parts *kept)
{
	kept->count = kept->len = 0;
}

void spi_head_decode(const struct virtio_spi_wire_head *wire,
		     struct spi_head *head)
{
	struct spi_head any;

	(void)wire;
	*head = any;
}

/* Requests have a proof of their own. */
bool spi_validate(const struct spi_config *config,
		  const struct spi_request *request, char *reason)
{
	assert(__CPROVER_w_ok(reason, SPI_REASON_SIZE));
	return nondet_bool() &&
	       request->head.chip_select_id < config->cs_max_number;
}

bool spi_transfer_check(const struct spi_request *request,
			const struct chip *chip, char *reason)
{
	const bool ok = nondet_bool();

	assert(__CPROVER_w_ok(reason, SPI_REASON_SIZE));
	assert(chip == &chips[request->head.chip_select_id]);
	valid += ok;
	return ok;
}

void controller_resume_driver(struct controller *controller)
{
	(void)controller;
	resets++;
}

void spi_turn_leave(struct spi_message *message)
{
	(void)message;
	resets++;
}

struct chip *spi_turn_deselect(struct spi_message *message)
{
	return spi_message_own_chip(message);
}

void spi_turn_released(struct spi_message *message, struct chip *chip,
		       uint64_t now)
{
	(void)message, (void)chip, (void)now;
}

static void make_chips(struct device_spec *specs)
{
	static struct cs_table table;
	struct chip any;

	for (unsigned int i = 0; i < CHIPS; i++) {
		specs[i].table = specs[i].nand_table = specs[i].at45_table =
			nondet_bool() ? &table : NULL;
		assume(specs[i].framing <= CS_AUTO);
		chips[i] = any;
		chips[i].spec = &specs[i];
		chips[i].shown = specs[i].framing == CS_AUTO ? &shown[i] : NULL;
		counter_set(&shown[i], nondet_u64());
	}
}

/* What others rely on */
static void check_message(const struct spi_message *m)
{
	const enum cs_framing framing = chip_framing(&chips[m->cs.chip]);
	uint32_t len = 0;

	assert(m->paused && m->cs.chip < CHIPS);
	assert(m->cs.message == CS_CLOSED || m->cs.message == CS_CUT ||
	       m->cs.message == CS_KEPT);
	assert((m->cs.message == CS_KEPT) == (m->kept.count > 0));
	assert(!m->kept.count || m->kept.count == valid);
	for (unsigned int i = 0; i < m->kept.count; i++) {
		assert(m->kept.parts[i].len);
		assert(m->kept.parts[i].head.chip_select_id == m->cs.chip);
		len += m->kept.parts[i].len;
	}
	assert(m->kept.len == len && len <= KEPT_BYTES_MAX);
	if (!m->kept.count)
		return;
	assert(m->cs.len == len && m->cs.opcode == m->kept.bytes[0]);
	assert(framing == CS_TABLE || framing == CS_LINUX);
	assert(framing == CS_TABLE || m->kept.count == 1);
}

/* Nothing has changed. */
static void check_same(const struct spi_message *a, const struct spi_message *b)
{
	assert(a->cs.message == b->cs.message && a->cs.chip == b->cs.chip);
	assert(a->cs.opcode == b->cs.opcode && a->cs.len == b->cs.len);
	assert(a->kept.count == b->kept.count && a->kept.len == b->kept.len);
	assert(a->paused == b->paused && a->cut_left == b->cut_left);
}

static void load(struct spi_service *s)
{
	static uint8_t bytes[MOST];
	struct spi_message before;
	const uint64_t shown_before = counter_get(&shown[0]);
	const uint32_t size = nondet_u32();
	uint32_t *const note = &s->session->rings[SPI_REQUESTQ].note;

	assume(size <= MOST && s->message.cs.chip < CHIPS);
	before.cs = s->message.cs;
	before.kept.count = s->message.kept.count;
	before.kept.len = s->message.kept.len;
	before.paused = s->message.paused;
	before.cut_left = s->message.cut_left;
	*note = UINT32_MAX; /* no message has that */
	if (!spi_state_load(s, bytes + MOST - size, size)) {
		check_message(&s->message);
		return;
	}
	check_same(&before, &s->message);
	assert(!resets && *note == UINT32_MAX);
	assert(shown_before == counter_get(&shown[0]));
}

int main(void)
{
	struct device_spec specs[CHIPS];
	static struct vhost_session session;
	struct controller controller;
	struct spi_service s;

	make_chips(specs);
	controller.chips = chips;
	controller.chip_count = controller.config.cs_max_number = CHIPS;
	s.session = &session;
	s.controller = s.message.controller = &controller;
	load(&s);
	return 0;
}
