/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* virtio/spi/spi_request.c and virtio/spi/spi_config.c */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/test.h"
#include "virtio/spi/spi_config.h"
#include "virtio/spi/spi_request.h"

#define BASE	 KIB(64)
#define MAX_SEGS 64

/* Each field has a value of its own, little-endian as on the wire. */
static const uint8_t head[32] = {
	1,    2,    0,	  4,	8, 9, 10, 11, /* bytes */
	0x0d, 0x0c, 0x0b, 0x0a,		      /* mode */
	0x40, 0x42, 0x0f, 0x00,		      /* freq */
	0x11, 0x12, 0x13, 0x14,		      /* word delay */
	0x21, 0x22, 0x23, 0x24,		      /* setup */
	0x31, 0x32, 0x33, 0x34,		      /* hold */
	0x41, 0x42, 0x43, 0xf4,		      /* inactive */
};

struct setup {
	struct guest_mem mem;
	struct ram ram;
	struct chain chain;
};

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	guest_mem_init(&s->mem);
	ram_open(&s->ram, BASE, KIB(8), 0);
	ram_share(&s->ram, &s->mem);
	assert_int_equal(chain_init(&s->chain, MAX_SEGS), 0);
	chain_reset(&s->chain, 0);
	memcpy(s->ram.host, head, sizeof(head));
	memcpy(s->ram.host + 32, "txtx", 4);
	memset(s->ram.host + 36, 0xee, 100);
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	chain_fini(&s->chain);
	guest_mem_clear(&s->mem);
	ram_close(&s->ram);
	free(s);
	return 0;
}

/* Appends @bytes from @addr on, in descriptors of @step bytes. */
static void append(struct setup *s, uint64_t addr, uint32_t bytes,
		   uint32_t step, bool writable)
{
	while (bytes) {
		uint32_t len = bytes < step ? bytes : step;

		assert_int_equal(chain_append(&s->chain, addr, len, writable),
				 0);
		addr += len;
		bytes -= len;
	}
}

static void assert_head(const struct spi_head *h)
{
	assert_int_equal(h->chip_select_id, 1);
	assert_int_equal(h->bits_per_word, 2);
	assert_int_equal(h->cs_change, 0);
	assert_int_equal(h->tx_nbits, 4);
	assert_int_equal(h->rx_nbits, 8);
	assert_memory_equal(h->reserved, "\x09\x0a\x0b", 3);
	assert_int_equal(h->mode, 0x0a0b0c0d);
	assert_int_equal(h->freq, 1000000);
	assert_int_equal(h->word_delay_ns, 0x14131211);
	assert_int_equal(h->cs_setup_ns, 0x24232221);
	assert_int_equal(h->cs_delay_hold_ns, 0x34333231);
	assert_int_equal(h->cs_change_delay_inactive_ns, 0xf4434241u);
}

TEST_WITH(test_request_is_the_same_however_it_is_framed, struct setup *s)
{
	static const uint32_t steps[] = { 1, 3, 31, 32, 33, 36 };

	for (size_t i = 0; i < 6; i++) {
		struct spi_request r = { .checked = false };
		char tx[4];

		chain_reset(&s->chain, 0);
		append(s, BASE, 36, steps[i], false);
		append(s, BASE + 100, 5, steps[i], true);
		assert_null(spi_request_parse(&s->chain, &s->mem, &r));
		assert_head(&r.head);
		assert_int_equal(r.tx_len, 4);
		assert_int_equal(r.rx_len, 4);
		assert_int_equal(chain_read(&r.tx, &s->mem, tx, 4), 0);
		assert_memory_equal(tx, "txtx", 4);
		assert_int_equal(r.tx.left, 0);
		assert_int_equal(chain_write(&r.rx, &s->mem, "rxrx", 4), 0);
		assert_int_equal(r.rx.left, 1);
		assert_memory_equal(s->ram.host + 99,
				    "\xee"
				    "rxrx\xee",
				    6);
	}
}

TEST_WITH(test_header_stays_checked_while_it_is_the_same, struct setup *s)
{
	struct spi_request r = { .checked = false };

	append(s, BASE, 36, 36, false);
	append(s, BASE + 100, 5, 5, true);
	assert_null(spi_request_parse(&s->chain, &s->mem, &r));
	assert_false(r.checked);
	assert_head(&r.head);
	for (size_t i = 0; i < sizeof(head); i++) {
		r.checked = true;
		assert_null(spi_request_parse(&s->chain, &s->mem, &r));
		assert_true(r.checked);
		assert_head(&r.head);
		/* Any byte makes it another. */
		s->ram.host[i] ^= 0xff;
		assert_null(spi_request_parse(&s->chain, &s->mem, &r));
		assert_false(r.checked);
		r.checked = true;
		s->ram.host[i] ^= 0xff;
		assert_null(spi_request_parse(&s->chain, &s->mem, &r));
		assert_false(r.checked);
		assert_head(&r.head);
	}
}

/* Readable bytes, writable bytes, and the result */
static const struct {
	uint32_t readable, writable;
	const char *why;
	uint64_t tx, rx;
} lengths[] = {
	{ 32, 1, NULL, 0, 0 },
	{ 36, 1, NULL, 4, 0 },
	{ 32, 5, NULL, 0, 4 },
	{ 36, 3, NULL, 4, 2 },
	{ 36, 0, "no room for a status", 0, 0 },
	{ 0, 0, "no room for a status", 0, 0 },
	{ 31, 1, "the header is cut short", 0, 0 },
	{ 0, 1, "the header is cut short", 0, 0 },
};

TEST_WITH(test_lengths_come_from_the_descriptors, struct setup *s)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct spi_request r = { .checked = false };
		const char *why;

		chain_reset(&s->chain, 0);
		append(s, BASE, lengths[i].readable, 100, false);
		append(s, BASE + 100, lengths[i].writable, 100, true);
		why = spi_request_parse(&s->chain, &s->mem, &r);
		if (lengths[i].why) {
			assert_non_null(why);
			assert_string_equal(why, lengths[i].why);
			continue;
		}
		assert_null(why);
		assert_int_equal(r.tx_len, lengths[i].tx);
		assert_int_equal(r.rx_len, lengths[i].rx);
		assert_int_equal(spi_request_rx_len(&s->chain), lengths[i].rx);
	}
}

TEST_WITH(test_buffer_outside_memory_is_no_request, struct setup *s)
{
	struct spi_request r = { .checked = false };

	for (int which = 0; which < 3; which++) {
		chain_reset(&s->chain, 0);
		append(s, which == 0 ? BASE - 1 : BASE, 32, 32, false);
		append(s, which == 1 ? BASE + KIB(8) - 3 : BASE, 4, 4, false);
		append(s, which == 2 ? BASE + KIB(8) : BASE, 1, 1, true);
		assert_string_equal(spi_request_parse(&s->chain, &s->mem, &r),
				    "a buffer is not in guest memory");
	}
}

TEST_WITH(test_misordered_chain_is_no_request, struct setup *s)
{
	struct spi_request r = { .checked = false };

	append(s, BASE, 32, 32, false);
	append(s, BASE + 100, 1, 1, true);
	append(s, BASE + 32, 4, 4, false);
	assert_string_equal(spi_request_parse(&s->chain, &s->mem, &r),
			    "a readable descriptor follows a writable one");
}

TEST_WITH(test_finish_writes_the_last_byte_alone, struct setup *s)
{
	for (uint32_t step = 1; step <= 5; step++) {
		memset(s->ram.host + 100, 0xee, 10);
		chain_reset(&s->chain, 0);
		append(s, BASE, 32, 32, false);
		append(s, BASE + 100, 5, step, true);
		assert_int_equal(spi_request_finish(&s->chain, &s->mem,
						    VIRTIO_SPI_PARAM_ERR),
				 5);
		assert_memory_equal(s->ram.host + 100, "\xee\xee\xee\xee\1\xee",
				    6);
	}
}

TEST_WITH(test_finish_without_room_returns_0, struct setup *s)
{
	append(s, BASE, 32, 32, false);
	assert_int_equal(
		spi_request_finish(&s->chain, &s->mem, VIRTIO_SPI_PARAM_ERR),
		0);
	assert_int_equal(spi_request_rx_len(&s->chain), 0);
}

TEST_WITH(test_finish_reaches_the_status_behind_a_bad_buffer, struct setup *s)
{
	/* The rx buffer is not mapped, the status byte is. */
	append(s, 0, 100, 100, true);
	append(s, BASE + 100, 1, 1, true);
	assert_int_equal(
		spi_request_finish(&s->chain, &s->mem, VIRTIO_SPI_PARAM_ERR),
		101);
	assert_int_equal(s->ram.host[100], VIRTIO_SPI_PARAM_ERR);

	/* The status byte is not mapped. */
	chain_reset(&s->chain, 0);
	append(s, BASE + 100, 1, 1, true);
	append(s, BASE + KIB(8), 1, 1, true);
	assert_int_equal(
		spi_request_finish(&s->chain, &s->mem, VIRTIO_SPI_TRANS_OK), 0);
	assert_int_equal(s->ram.host[100], VIRTIO_SPI_PARAM_ERR);
}

TEST_WITH(test_used_length_does_not_wrap_at_4_gib, struct setup *s)
{
	append(s, 0, UINT32_MAX, UINT32_MAX, true);
	append(s, BASE + 100, 1, 1, true);
	assert_true(spi_request_finish(&s->chain, &s->mem,
				       VIRTIO_SPI_PARAM_ERR) == UINT32_MAX);
	assert_int_equal(s->ram.host[100], VIRTIO_SPI_PARAM_ERR);
	assert_true(spi_request_rx_len(&s->chain) == UINT32_MAX);
}

TEST(test_config_is_little_endian_on_the_wire)
{
	const struct spi_config config = { 1,	       2,	   3,
					   4,	       0x08070605, 0x0c0b0a09,
					   0x100f0e0d, 0x14131211, 0x18171615,
					   0x1c1b1a19, 0x201f1e1d };
	struct virtio_spi_wire_config wire;
	const uint8_t *bytes = (const uint8_t *)&wire;

	spi_config_encode(&config, &wire);
	for (unsigned int i = 0; i < sizeof(wire); i++)
		assert_int_equal(bytes[i], i + 1);
}

TEST_MAIN(setup, teardown)
