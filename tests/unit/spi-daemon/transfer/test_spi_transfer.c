/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* One request at a time: pieces, buffers, delays, speeds. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

static uint8_t pattern[FIXTURE_MAX_REQUEST + 4];

static int make_pattern(void **state)
{
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i++) {
		x = x * 1664525u + 1013904223u;
		pattern[i] = (uint8_t)(x >> 24);
	}
	return 0;
}

/* Full duplex; every byte out and in is checked. */
static void check_duplex(struct service_fixture *f, struct transfer *t,
			 uint32_t len)
{
	struct fake_chip *chip = &f->chips[0];
	size_t sent = chip->sent_len, received = chip->received;
	uint8_t *rx = malloc(len);

	assert_non_null(rx);
	t->tx = pattern;
	t->rx = rx;
	t->tx_len = t->rx_len = len;
	guest_do(&f->guests[0], t, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(chip->sent_len - sent, len);
	assert_memory_equal(chip->sent + sent, pattern, len);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(rx[i], fake_chip_answer(received + i));
	free(rx);
}

static void every_length_is_cut_into_pieces(void **state)
{
	static const uint32_t lens[] = { 1,   2,   255, 256,  257,
					 511, 512, 513, 4096, 5000 };
	struct service_fixture *f = *state;
	struct fake_chip *chip = &f->chips[0];

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct transfer t = { .head = service_head(0, 0) };
		unsigned int before = chip->count;
		uint32_t pieces =
			(lens[i] + FIXTURE_MAX_PIECE - 1) / FIXTURE_MAX_PIECE;

		t.head.freq = htole32(100000000);
		check_duplex(f, &t, lens[i]);
		assert_int_equal(chip->count - before, pieces);
		assert_int_equal(chip->selects, i + 1);
		assert_int_equal(chip->releases, i + 1);
		assert_false(chip->selected);
	}
}

/* One bounded message stands between a front end and its answer. */
static void one_step_runs_one_piece(void **state)
{
	struct service_fixture *f = *state;
	struct transfer t = { .head = service_head(0, 0),
			      .tx = pattern,
			      .tx_len = 4 * FIXTURE_MAX_PIECE };
	struct fake_chip *chip = &f->chips[0];

	t.head.freq = htole32(100000000);
	guest_add(&f->guests[0], &t);
	for (unsigned int count = 0; chip->count < 4; count = chip->count) {
		assert_int_equal(guest_step(&f->guests[0]), SPI_MORE);
		assert_true(chip->count <= count + 1);
		guest_collect(&f->guests[0]);
		assert_int_equal(t.done, chip->count == 4);
	}
	transfer_check(&t, VIRTIO_SPI_TRANS_OK);
}

static void pieces_are_bounded_in_bus_time(void **state)
{
	static const struct {
		uint32_t freq, delay_ns;
		uint8_t bits;
		uint32_t longest; /* bytes */
	} cases[] = {
		{ 8000, 0, 8, 50 },    { 1000, 0, 8, 6 },
		{ 16000, 0, 16, 100 }, { 32000, 0, 32, 200 },
		{ 100, 0, 8, 1 },      { 100, 0, 32, 4 },
		{ 9000, 0, 9, 100 },   { 100000000, 255000, 8, 196 },
	};
	struct service_fixture *f = *state;
	struct fake_chip *chip = &f->chips[0];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct transfer t = { .head = service_head(0, 0) };
		uint32_t first = chip->count;

		t.head.freq = htole32(cases[i].freq);
		t.head.word_delay_ns = htole32(cases[i].delay_ns);
		t.head.bits_per_word = cases[i].bits;
		check_duplex(f, &t, cases[i].longest * 2 + 4);
		assert_int_equal(chip->pieces[first].piece.len,
				 cases[i].longest);
		assert_int_equal(chip->pieces[first + 1].piece.len,
				 cases[i].longest);
	}
}

/* Others would have to wait for the rest of one. */
static void pieces_are_no_longer_than_max_message(void **state)
{
	static const uint32_t lens[] = { 7, 7, 6 };
	struct service_fixture *f = *state;
	struct transfer t = { .head = service_head(0, 0) };

	f->specs[0].max_message_ms = 7;
	t.head.freq = htole32(8000); /* a byte takes a millisecond */
	check_duplex(f, &t, 20);
	assert_int_equal(f->chips[0].count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(f->chips[0].pieces[i].piece.len, lens[i]);
}

/* The delays at the ends of a request are bus time, too. */
static void delays_count_as_bus_time_of_a_piece(void **state)
{
	static const struct {
		uint32_t setup_ns, hold_ns, len;
		uint32_t pieces[4];
	} cases[] = {
		/* At 8 kHz a byte takes a millisecond. */
		{ 0, 0, 60, { 50, 10 } },
		{ 10000000, 0, 60, { 40, 20 } },
		{ 0, 10000000, 60, { 50, 10 } },
		{ 0, 10000000, 50, { 49, 1 } },
		{ 0, 10000000, 40, { 40 } },
		{ 20000000, 10000000, 21, { 20, 1 } },
		{ 20000000, 10000000, 20, { 20 } },
		{ 65000000, 65000000, 3, { 1, 1, 1 } },
		{ 65000000, 65000000, 1, { 1 } },
		{ 0, 65000000, 100, { 50, 49, 1 } },
	};
	struct service_fixture *f = *state;
	struct fake_chip *chip = &f->chips[0];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct transfer t = { .head = service_head(0, 0) };
		uint32_t first = chip->count;

		t.head.freq = htole32(8000);
		t.head.cs_setup_ns = htole32(cases[i].setup_ns);
		t.head.cs_delay_hold_ns = htole32(cases[i].hold_ns);
		check_duplex(f, &t, cases[i].len);
		for (uint32_t j = 0; j < chip->count - first; j++)
			assert_int_equal(chip->pieces[first + j].piece.len,
					 cases[i].pieces[j]);
	}
}

static void words_are_never_split(void **state)
{
	static const struct {
		uint8_t bits;
		uint32_t max_piece, len, first;
	} cases[] = {
		{ 8, 255, 300, 255 },  { 16, 255, 300, 254 },
		{ 12, 255, 300, 254 }, { 32, 255, 300, 252 },
		{ 17, 254, 300, 252 }, { 32, 4, 12, 4 },
	};
	struct service_fixture *f = *state;
	struct fake_chip *chip = &f->chips[0];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct transfer t = { .head = service_head(0, 0),
				      .tx_seg = 3,
				      .rx_seg = 7 };
		unsigned int first = chip->count;

		f->guests[0].chips[0].caps.max_piece = cases[i].max_piece;
		t.head.bits_per_word = cases[i].bits;
		check_duplex(f, &t, cases[i].len);
		assert_int_equal(chip->pieces[first].piece.len, cases[i].first);
	}
}

/* tx and rx in segments of all small sizes, which split at other places. */
static void bytes_are_right_however_buffers_are_split(void **state)
{
	static const uint32_t segs[] = { 0, 1, 2, 3, 5, 16, 255, 256, 300 };
	static const uint8_t bits[] = { 8, 16, 32 };
	const size_t n = sizeof(segs) / sizeof(segs[0]);
	struct service_fixture *f = *state;

	for (size_t i = 0; i < n * n * 3; i++) {
		struct transfer t = {
			.head = service_head(0, 0),
			.tx_seg = segs[i % n],
			.rx_seg = segs[i / n % n],
		};

		t.head.freq = htole32(100000000);
		t.head.bits_per_word = bits[i / n / n];
		/* Odd where the word allows it. */
		check_duplex(f, &t,
			     t.head.bits_per_word == 8	  ? 601
			     : t.head.bits_per_word == 16 ? 602
							  : 604);
		f->chips[0].count = 0;
	}
}

static void half_duplex_goes_both_ways_in_segments(void **state)
{
	struct service_fixture *f = *state;
	struct fake_chip *chip = &f->chips[0];
	uint8_t rx[777];

	for (uint32_t seg = 0; seg < 300; seg += 37) {
		size_t sent = chip->sent_len, received = chip->received;
		struct transfer tx = { .head = service_head(0, 1),
				       .tx = pattern,
				       .tx_len = 777,
				       .tx_seg = seg };
		struct transfer in = { .head = service_head(0, 1),
				       .rx = rx,
				       .rx_len = 777,
				       .rx_seg = seg };

		guest_do(&f->guests[0], &tx, VIRTIO_SPI_TRANS_OK);
		assert_memory_equal(chip->sent + sent, pattern, 777);
		assert_null(chip->pieces[chip->count - 1].piece.rx);
		guest_do(&f->guests[0], &in, VIRTIO_SPI_TRANS_OK);
		assert_null(chip->pieces[chip->count - 1].piece.tx);
		for (uint32_t i = 0; i < 777; i++)
			assert_int_equal(rx[i], fake_chip_answer(received + i));
	}
}

/* Copied only where the guest's buffer is not in one piece. */
static void buffers_in_one_piece_are_used_in_place(void **state)
{
	struct service_fixture *f = *state;
	struct spi_service *s = &f->guests[0].service;
	struct fake_piece *p = f->chips[0].pieces;
	struct transfer whole = { .head = service_head(0, 0) };
	struct transfer tx_cut = { .head = service_head(0, 0), .tx_seg = 9 };
	struct transfer rx_cut = { .head = service_head(0, 0), .rx_seg = 9 };

	check_duplex(f, &whole, 10);
	assert_ptr_not_equal(p[0].piece.tx, s->bounce.tx);
	assert_ptr_not_equal(p[0].piece.rx, s->bounce.rx);
	check_duplex(f, &tx_cut, 10);
	assert_ptr_equal(p[1].piece.tx, s->bounce.tx);
	assert_ptr_not_equal(p[1].piece.rx, s->bounce.rx);
	check_duplex(f, &rx_cut, 10);
	assert_ptr_not_equal(p[2].piece.tx, s->bounce.tx);
	assert_ptr_equal(p[2].piece.rx, s->bounce.rx);
}

/* It is there from the first need on, until the front end goes away. */
static void bounce_buffers_are_made_when_they_are_needed(void **state)
{
	struct service_fixture *f = *state;
	struct spi_service *s = &f->guests[0].service;
	struct transfer whole = { .head = service_head(0, 0) };
	struct transfer cut = { .head = service_head(0, 0), .rx_seg = 9 };

	check_duplex(f, &whole, 10);
	assert_null(s->bounce.tx);
	assert_null(s->bounce.rx);
	check_duplex(f, &cut, 10);
	assert_null(s->bounce.tx);
	assert_non_null(s->bounce.rx);
	spi_service_abort(s);
	assert_null(s->bounce.rx);
	check_duplex(f, &cut, 10);
}

static void parameters_reach_the_chip(void **state)
{
	struct service_fixture *f = *state;
	struct transfer t = { .head = service_head(1, 0),
			      .tx = pattern,
			      .tx_len = 8 };
	struct spi_piece *p = &f->chips[1].pieces[0].piece;

	t.head.bits_per_word = 13;
	t.head.mode = htole32(VIRTIO_SPI_MODE_CPHA | VIRTIO_SPI_MODE_CS_HIGH |
			      VIRTIO_SPI_MODE_LOOP);
	t.head.tx_nbits = 4;
	t.head.rx_nbits = 2;
	t.head.freq = htole32(12345678);
	t.head.word_delay_ns = htole32(1001);
	guest_do(&f->guests[0], &t, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(f->chips[0].count, 0);
	assert_int_equal(p->bits_per_word, 13);
	assert_int_equal(p->mode, VIRTIO_SPI_MODE_CPHA |
					  VIRTIO_SPI_MODE_CS_HIGH |
					  VIRTIO_SPI_MODE_LOOP);
	assert_int_equal(p->tx_nbits, 4);
	assert_int_equal(p->rx_nbits, 2);
	assert_int_equal(p->speed_hz, 12345678);
	assert_int_equal(p->word_delay_ns, 1001);
}

/* Setup once, ahead of the first piece; hold once, behind the last. */
static void setup_and_hold_are_at_the_ends_of_a_request(void **state)
{
	struct service_fixture *f = *state;
	struct fake_chip *chip = &f->chips[0];
	struct transfer t = { .head = service_head(0, 0),
			      .rx_len = 3 * FIXTURE_MAX_PIECE };

	t.head.freq = htole32(100000000);
	t.head.cs_setup_ns = htole32(1500);
	t.head.cs_delay_hold_ns = htole32(2500);
	guest_do(&f->guests[0], &t, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(chip->count, 3);
	for (unsigned int i = 0; i < 3; i++) {
		struct spi_piece *p = &chip->pieces[i].piece;

		assert_int_equal(p->setup_ns, i == 0 ? 1500 : 0);
		assert_int_equal(p->hold_ns, i == 2 ? 2500 : 0);
		assert_int_equal(p->keep, i < 2);
		assert_int_equal(chip->pieces[i].selects, i == 0);
	}
}

/* No setup delay where the chip is selected already. */
static void setup_is_not_repeated_inside_a_message(void **state)
{
	struct service_fixture *f = *state;
	struct fake_piece *p = f->chips[0].pieces;
	struct transfer tx = { .head = service_head(0, 0),
			       .tx = pattern,
			       .tx_len = 1 };
	struct transfer rx = { .head = service_head(0, 0), .rx_len = 1 };

	tx.head.cs_setup_ns = rx.head.cs_setup_ns = htole32(1500);
	tx.head.cs_delay_hold_ns = rx.head.cs_delay_hold_ns = htole32(2500);
	guest_do(&f->guests[0], &tx, VIRTIO_SPI_TRANS_OK);
	guest_do(&f->guests[0], &rx, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(f->chips[0].selects, 1);
	assert_int_equal(p[0].piece.setup_ns, 1500);
	assert_int_equal(p[1].piece.setup_ns, 0);
	assert_int_equal(p[0].piece.hold_ns, 2500);
	assert_int_equal(p[1].piece.hold_ns, 2500);
}

static void speed_stays_below_the_chips_own(void **state)
{
	static const struct {
		uint32_t max, asked, got;
	} cases[] = {
		{ 0, 0, 0 },
		{ 0, 5000, 5000 },
		{ 10000, 0, 10000 },
		{ 10000, 5000, 5000 },
		{ 10000, 10000, 10000 },
		{ 10000, 10001, 10000 },
		{ 10000, ~0u, 10000 },
		{ 0, ~0u, ~0u },
	};
	struct service_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct transfer t = { .head = service_head(0, 0), .rx_len = 1 };

		f->guests[0].chips[0].caps.max_speed_hz = cases[i].max;
		spi_service_config_changed(&f->guests[0].service);
		t.head.freq = htole32(cases[i].asked);
		guest_do(&f->guests[0], &t, VIRTIO_SPI_TRANS_OK);
		assert_int_equal(f->chips[0].pieces[i].piece.speed_hz,
				 cases[i].got);
	}
}

/* A page of the fixture's memory, in a log of its first 128 MiB. */
static bool is_dirty(const uint8_t *bits, uint64_t addr)
{
	return bits[addr / 4096 / 8] >> addr / 4096 % 8 & 1;
}

/* Written by the chip's driver itself, so nobody else can know. */
static void received_bytes_are_logged_even_of_a_failed_piece(void **state)
{
	static uint8_t bits[4096];
	struct service_fixture *f = *state;
	struct dirty_log log = { .bits = bits, .pages = sizeof(bits) * 8 };

	f->guests[0].session.mem.log = &log;
	for (unsigned int fails = 0; fails < 2; fails++) {
		struct transfer t = { .head = service_head(0, 1),
				      .rx_len = 100 };

		memset(bits, 0, sizeof(bits));
		f->chips[0].fail_at = fails ? f->chips[0].count + 1 : 0;
		f->chips[0].error = -EIO;
		guest_add(&f->guests[0], &t);
		while (f->guests[0].service.job.phase != JOB_RUNS)
			guest_step(&f->guests[0]);
		assert_false(is_dirty(bits, t.rx_addr));
		guest_step(&f->guests[0]);
		assert_true(is_dirty(bits, t.rx_addr));
		guest_run(&f->guests[0]);
		guest_collect(&f->guests[0]);
		assert_true(t.done);
		assert_true(is_dirty(bits, t.status_addr));
	}
	f->guests[0].session.mem.log = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVICE_TEST(every_length_is_cut_into_pieces),
		SERVICE_TEST(one_step_runs_one_piece),
		SERVICE_TEST(pieces_are_bounded_in_bus_time),
		SERVICE_TEST(pieces_are_no_longer_than_max_message),
		SERVICE_TEST(delays_count_as_bus_time_of_a_piece),
		SERVICE_TEST(words_are_never_split),
		SERVICE_TEST(bytes_are_right_however_buffers_are_split),
		SERVICE_TEST(half_duplex_goes_both_ways_in_segments),
		SERVICE_TEST(buffers_in_one_piece_are_used_in_place),
		SERVICE_TEST(bounce_buffers_are_made_when_they_are_needed),
		SERVICE_TEST(parameters_reach_the_chip),
		SERVICE_TEST(setup_and_hold_are_at_the_ends_of_a_request),
		SERVICE_TEST(setup_is_not_repeated_inside_a_message),
		SERVICE_TEST(speed_stays_below_the_chips_own),
		SERVICE_TEST(received_bytes_are_logged_even_of_a_failed_piece),
	};

	return cmocka_run_group_tests(tests, make_pattern, NULL);
}
