/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Value change dumps: what a reader sees of the pieces that were recorded. */
#include "tests/unit/spi-daemon/trace/vcd_reader.h"
#include "tests/unit/spi-daemon/trace/trace_rig.h"

static const uint8_t sent[8] = {
	0x9f, 0x01, 0x80, 0x3c, 0xff, 0x00, 0x5a, 0xa5
};
static const uint8_t received[8] = { 0x12, 0xef, 0x40, 0x18,
				     0x00, 0xff, 0xc3, 0x7e };

/* What was clocked while cs0 was active. */
struct clocked {
	unsigned int cycles;
	char lines[8][600]; /* 0, 1, x or z, for each cycle */
	unsigned int messages;
	uint64_t selected; /* time of the first */
	uint64_t released; /* time of the last */
	uint64_t first_edge;
	uint64_t last_edge;
};

/* Reads the file as a chip with this mode does, on bus "b". */
static void clock_in(const struct trace_rig *rig, uint32_t mode,
		     struct clocked *c)
{
	static const char *const names[] = { "b.mosi", "b.miso", "b.io2",
					     "b.io3",  "b.io4",	 "b.io5",
					     "b.io6",  "b.io7" };
	bool rising = !(mode & VIRTIO_SPI_MODE_CPOL) ==
		      !(mode & VIRTIO_SPI_MODE_CPHA);
	char active = mode & VIRTIO_SPI_MODE_CS_HIGH ? '1' : '0';
	struct vcd_reader r;
	int at, clk, cs;

	memset(c, 0, sizeof(*c));
	vcd_reader_open(&r, rig->path);
	clk = vcd_reader_find(&r, "b.clk");
	cs = vcd_reader_find(&r, "b.cs0");
	while ((at = vcd_reader_next(&r)) >= 0) {
		if (at == cs && r.values[cs] == active && r.time) {
			if (!c->messages++)
				c->selected = r.time;
		} else if (at == cs && r.values[cs] != active) {
			c->released = r.time;
		} else if (at == clk && r.values[cs] == active && r.time) {
			if (!c->first_edge)
				c->first_edge = r.time;
			c->last_edge = r.time;
			if (r.values[clk] != (rising ? '1' : '0'))
				continue;
			for (unsigned int i = 0; i < 8; i++) {
				int line = vcd_reader_find(&r, names[i]);

				if (line >= 0)
					c->lines[i][c->cycles] = r.values[line];
			}
			c->cycles++;
		}
	}
	assert_true(r.has_values);
	vcd_reader_close(&r);
}

/* Bit @bit of the words in @bytes, in the order in which they are sent. */
static char expected_bit(const uint8_t *bytes, uint8_t bits, bool lsb_first,
			 unsigned int index)
{
	unsigned int size = spi_word_size(bits);
	unsigned int bit = lsb_first ? index % bits : bits - 1 - index % bits;
	const uint8_t *from = bytes + index / bits * size;
	uint16_t half;
	uint32_t word = *from;

	if (size == sizeof(half)) {
		memcpy(&half, from, sizeof(half));
		word = half;
	} else if (size == sizeof(word)) {
		memcpy(&word, from, sizeof(word));
	}
	return word >> bit & 1 ? '1' : '0';
}

static void check_mode(uint32_t mode, uint8_t bits)
{
	bool lsb_first = mode & VIRTIO_SPI_MODE_LSB_FIRST;
	struct trace_record record = trace_rig_piece(RIG_START, sizeof(sent));
	unsigned int cycles = 8 / spi_word_size(bits) * bits;
	struct trace_rig rig;
	struct clocked c;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 0, 4);
	record.piece.mode = mode;
	record.piece.bits_per_word = bits;
	trace_rig_add(&rig, record, sent, received);
	trace_rig_finish(&rig);
	clock_in(&rig, mode, &c);
	assert_int_equal(c.messages, 1);
	assert_int_equal(c.cycles, cycles);
	for (unsigned int i = 0; i < cycles; i++) {
		assert_int_equal(c.lines[0][i],
				 expected_bit(sent, bits, lsb_first, i));
		assert_int_equal(c.lines[1][i],
				 expected_bit(received, bits, lsb_first, i));
		assert_int_equal(c.lines[2][i], 'z');
	}
	trace_rig_remove(&rig);
}

TEST(bits_are_clocked_in_each_mode_and_word_size)
{
	static const uint8_t sizes[] = { 1, 4, 7, 8, 9, 12, 16, 17, 32 };

	for (uint32_t mode = 0; mode < 16; mode++)
		for (size_t i = 0; i < sizeof(sizes); i++)
			check_mode(mode, sizes[i]);
}

/* A byte on @width lines: the highest bit on the highest line. */
static void check_width(unsigned int width, bool sends)
{
	struct trace_record record = trace_rig_piece(RIG_START, sizeof(sent));
	struct trace_rig rig;
	struct clocked c;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 0, 4);
	if (sends)
		record.piece.tx_nbits = (uint8_t)width;
	else
		record.piece.rx_nbits = (uint8_t)width;
	trace_rig_add(&rig, record, sends ? sent : NULL, sends ? NULL : sent);
	trace_rig_finish(&rig);
	clock_in(&rig, 0, &c);
	assert_int_equal(c.cycles, sizeof(sent) * 8 / width);
	for (unsigned int bit = 0; bit < sizeof(sent) * 8; bit++)
		assert_int_equal(c.lines[width - 1 - bit % width][bit / width],
				 expected_bit(sent, 8, false, bit));
	if (width < 4)
		assert_int_equal(c.lines[3][0], 'z');
	trace_rig_remove(&rig);
}

TEST(wide_transfers_use_their_lines)
{
	for (unsigned int width = 2; width <= 8; width *= 2) {
		check_width(width, true);
		check_width(width, false);
	}
}

TEST(what_is_not_received_is_unknown)
{
	struct trace_rig rig;
	struct clocked c;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 0, 2);
	trace_rig_add(&rig, trace_rig_piece(RIG_START, 1), sent, NULL);
	trace_rig_add(&rig, trace_rig_piece(RIG_START + 50000, 1), NULL,
		      received);
	trace_rig_finish(&rig);
	clock_in(&rig, 0, &c);
	assert_int_equal(c.messages, 2);
	assert_memory_equal(c.lines[0], "1001111100000000", 16);
	assert_memory_equal(c.lines[1], "xxxxxxxx00010010", 16);
	trace_rig_remove(&rig);
}

/* 1 MHz: half a bit, eight bits; released when the measured time is over */
TEST(times_are_those_of_the_message_and_its_clock)
{
	struct trace_rig rig;
	struct clocked c;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 0, 2);
	trace_rig_add(&rig, trace_rig_piece(RIG_START, 1), sent, received);
	trace_rig_finish(&rig);
	clock_in(&rig, 0, &c);
	assert_int_equal(c.first_edge - c.selected, 500 + 500);
	assert_int_equal(c.last_edge - c.first_edge, 7500);
	assert_int_equal(c.released - c.selected, 20000);
	trace_rig_remove(&rig);
}

/* A simulated chip takes no time, and the next message begins too early. */
TEST(message_that_begins_too_early_is_late)
{
	struct trace_record record = trace_rig_piece(RIG_START, 8);
	struct trace_rig rig;
	struct clocked c;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 0, 2);
	for (unsigned int i = 0; i < 3; i++) {
		record.begin = RIG_START + i * 1000;
		record.end = record.begin + 500;
		trace_rig_add(&rig, record, sent, received);
	}
	trace_rig_finish(&rig);
	clock_in(&rig, 0, &c);
	assert_int_equal(c.messages, 3);
	assert_int_equal(c.cycles, 3 * 64);
	assert_in_range(c.released - c.selected, 3 * 65000, 3 * 67000);
	trace_rig_remove(&rig);
}

TEST(chip_stays_selected_until_it_is_released)
{
	struct trace_record record = trace_rig_piece(RIG_START, 1);
	struct trace_rig rig;
	struct clocked c;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 0, 2);
	record.piece.keep = true;
	trace_rig_add(&rig, record, sent, NULL);
	record.begin += NS_PER_MS;
	trace_rig_add(&rig, record, sent, NULL);
	trace_rig_add(&rig,
		      trace_rig_event(TRACE_RELEASE, RIG_START + 3 * NS_PER_MS),
		      NULL, NULL);
	trace_rig_add(&rig, trace_rig_piece(RIG_START + 5 * NS_PER_MS, 1), sent,
		      NULL);
	trace_rig_finish(&rig);
	clock_in(&rig, 0, &c);
	assert_int_equal(c.messages, 2);
	assert_int_equal(c.cycles, 24);
	assert_int_equal(c.released - c.selected, 5 * NS_PER_MS + 20000);
	trace_rig_remove(&rig);
}

/* Delays: before the first bit, between words, behind the last */
TEST(delays_are_on_the_wire)
{
	struct trace_record record = trace_rig_piece(RIG_START, 2);
	struct trace_rig rig;
	struct clocked c;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 0, 2);
	record.piece.setup_ns = 5000;
	record.piece.word_delay_ns = 3000;
	record.piece.hold_ns = 7000;
	record.end = record.begin;
	trace_rig_add(&rig, record, sent, NULL);
	trace_rig_finish(&rig);
	clock_in(&rig, 0, &c);
	assert_int_equal(c.first_edge - c.selected, 5000 + 500);
	assert_int_equal(c.last_edge - c.first_edge, 15500 + 3000);
	assert_int_equal(c.released - c.last_edge, 7000);
	trace_rig_remove(&rig);
}

TEST(failed_transfer_has_no_bits)
{
	struct trace_record record = trace_rig_piece(RIG_START, 0);
	struct trace_rig rig;
	struct clocked c;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 0, 2);
	record.error = 5;
	trace_rig_add(&rig, record, NULL, NULL);
	trace_rig_finish(&rig);
	clock_in(&rig, 0, &c);
	assert_int_equal(c.messages, 1);
	assert_int_equal(c.cycles, 0);
	assert_int_equal(c.released - c.selected, 20000);
	trace_rig_remove(&rig);
}

/* Two buses are at work at once; and one of them is told of later. */
TEST(edges_of_several_buses_are_in_the_order_of_time)
{
	struct trace_record record = trace_rig_piece(RIG_START, 8);
	unsigned int switches = 0;
	struct vcd_reader r;
	struct trace_rig rig;
	int at, a, b, last = -1;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "a", 0, 2);
	trace_rig_add_chip(&rig, 1, "b", 0, 2);
	trace_rig_add(&rig, record, sent, NULL);
	record.chip = 1;
	record.begin += 1000;
	trace_rig_add(&rig, record, sent, NULL);
	/* What is not so old yet may not be all. */
	assert_true(rig.format->ops->write(rig.format, RIG_START + 30000));
	trace_rig_finish(&rig);
	vcd_reader_open(&r, rig.path);
	a = vcd_reader_find(&r, "a.clk");
	b = vcd_reader_find(&r, "b.clk");
	while ((at = vcd_reader_next(&r)) >= 0) {
		if (at != a && at != b)
			continue;
		switches += at != last;
		last = at;
	}
	vcd_reader_close(&r);
	assert_true(switches > 100);
	trace_rig_remove(&rig);
}

TEST(what_is_lost_is_said_and_unknown)
{
	struct trace_record record = trace_rig_event(TRACE_LOST, RIG_START);
	struct vcd_reader r;
	struct trace_rig rig;
	bool unknown = false;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "a", 0, 2);
	trace_rig_add_chip(&rig, 1, "b", 0, 2);
	record.lost = 7;
	record.end += 100000;
	trace_rig_add(&rig, record, NULL, NULL);
	trace_rig_add(&rig, trace_rig_piece(RIG_START + 200000, 1), sent, NULL);
	trace_rig_finish(&rig);
	vcd_reader_open(&r, rig.path);
	while (vcd_reader_next(&r) >= 0)
		unknown |= vcd_reader_value(&r, "a.cs0") == 'x' &&
			   vcd_reader_value(&r, "a.mosi") == 'x' &&
			   vcd_reader_value(&r, "b.cs0") == 'x';
	assert_true(unknown);
	assert_int_equal(r.lost, 7);
	assert_int_equal(vcd_reader_value(&r, "a.cs0"), '1');
	vcd_reader_close(&r);
	trace_rig_remove(&rig);
}

/* Each file is read by itself: it has its names, and values to begin with. */
TEST(file_that_is_full_is_followed_by_another)
{
	static uint8_t bytes[4096];
	unsigned int changes, files = 0;
	char path[PATH_MAX + 8];
	struct vcd_reader r;
	struct trace_rig rig;

	trace_rig_open(&rig, vcd_new, 100000);
	trace_rig_add_chip(&rig, 0, "b", 0, 2);
	trace_rig_add(&rig, trace_rig_piece(RIG_START, sizeof(bytes)), bytes,
		      NULL);
	trace_rig_finish(&rig);
	for (unsigned int i = 0; i <= TRACE_OUT_KEEP; i++) {
		snprintf(path, sizeof(path), i ? "%s.%u" : "%s", rig.path, i);
		vcd_reader_open(&r, path);
		for (changes = 0; vcd_reader_next(&r) >= 0; changes++)
			;
		assert_true(r.has_values);
		assert_true(changes > 4);
		assert_in_range(ftell(r.file), 200, 101000);
		vcd_reader_close(&r);
		files++;
	}
	assert_int_equal(files, 4);
	snprintf(path, sizeof(path), "%s.%d", rig.path, TRACE_OUT_KEEP + 1);
	assert_null(fopen(path, "re"));
	trace_rig_remove(&rig);
}

TEST(chip_that_comes_later_is_in_the_next_file)
{
	char path[PATH_MAX + 8];
	struct vcd_reader r;
	struct trace_rig rig;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 0, 2);
	trace_rig_add(&rig, trace_rig_piece(RIG_START, 1), sent, NULL);
	rig.format->ops->write(rig.format, CLOCK_NEVER - 1);
	trace_rig_add_chip(&rig, 1, "b", 1, 2);
	trace_rig_add(&rig, trace_rig_piece(RIG_START + 100000, 1), sent, NULL);
	trace_rig_finish(&rig);
	snprintf(path, sizeof(path), "%s.1", rig.path);
	vcd_reader_open(&r, path);
	assert_int_equal(vcd_reader_find(&r, "b.cs1"), -1);
	vcd_reader_close(&r);
	vcd_reader_open(&r, rig.path);
	assert_true(vcd_reader_find(&r, "b.cs1") >= 0);
	vcd_reader_close(&r);
	trace_rig_remove(&rig);
}

TEST(trace_without_events_is_complete)
{
	struct vcd_reader r;
	struct trace_rig rig;

	trace_rig_open(&rig, vcd_new, 0);
	trace_rig_add_chip(&rig, 0, "b", 2, 2);
	trace_rig_finish(&rig);
	vcd_reader_open(&r, rig.path);
	while (vcd_reader_next(&r) >= 0)
		;
	assert_true(r.has_values);
	assert_int_equal(vcd_reader_value(&r, "b.cs2"), '1');
	vcd_reader_close(&r);
	trace_rig_remove(&rig);
}

TEST_MAIN(NULL, NULL)
