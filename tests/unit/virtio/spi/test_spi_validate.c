/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdbool.h>
#include <string.h>

#include "tests/lib/test.h"
#include "virtio/spi/spi_validate.h"

/* A config that offers everything, with odd limits */
static const struct spi_config rich = {
	.cs_max_number = 3,
	.cs_change_supported = 1,
	.tx_nbits_supported = 7,
	.rx_nbits_supported = 7,
	.bits_per_word_mask = 0,
	.mode_func_supported = 0x7f,
	.max_freq_hz = 1001,
	.max_word_delay_ns = 101,
	.max_cs_setup_ns = 102,
	.max_cs_hold_ns = 103,
	.max_cs_inactive_ns = 104,
};

/* A minimal config: mode 0, 8 bits, one chip */
static const struct spi_config poor = {
	.cs_max_number = 1,
	.bits_per_word_mask = 1u << 7,
	.mode_func_supported = VIRTIO_SPI_CAN_CPHA_0 | VIRTIO_SPI_CAN_CPOL_0,
};

static struct spi_request plain(void)
{
	return (struct spi_request){
		.head = { .bits_per_word = 8, .freq = 1000 },
		.tx_len = 8,
		.rx_len = 8,
	};
}

static bool is_valid(const struct spi_config *config,
		     const struct spi_request *request)
{
	char reason[SPI_REASON_SIZE];

	return spi_validate(config, request, reason);
}

/* A byte of the head: its value, and which configs accept it */
static const struct {
	const char *name;
	size_t at;
	uint8_t value;
	bool rich, poor;
} bytes[] = {
#define BYTE(field, value, r, p)                                              \
	{                                                                     \
#field " = " #value, offsetof(struct spi_head, field), value, \
			r, p                                                  \
	}
	BYTE(chip_select_id, 0, true, true),
	BYTE(chip_select_id, 1, true, false),
	BYTE(chip_select_id, 2, true, false),
	BYTE(chip_select_id, 3, false, false),
	BYTE(chip_select_id, 255, false, false),
	BYTE(bits_per_word, 0, false, false),
	BYTE(bits_per_word, 1, true, false),
	BYTE(bits_per_word, 7, true, false),
	BYTE(bits_per_word, 8, true, true),
	BYTE(bits_per_word, 9, true, false),
	BYTE(bits_per_word, 16, true, false),
	BYTE(bits_per_word, 17, true, false),
	BYTE(bits_per_word, 32, true, false),
	BYTE(bits_per_word, 33, false, false),
	BYTE(bits_per_word, 40, false, false),
	BYTE(bits_per_word, 255, false, false),
	BYTE(cs_change, 0, true, true),
	BYTE(cs_change, 1, true, false),
	BYTE(cs_change, 2, false, false),
	BYTE(tx_nbits, 0, true, true),
	BYTE(tx_nbits, 1, true, true),
	BYTE(tx_nbits, 2, true, false),
	BYTE(tx_nbits, 3, false, false),
	BYTE(tx_nbits, 4, true, false),
	BYTE(tx_nbits, 8, true, false),
	BYTE(tx_nbits, 16, false, false),
	BYTE(rx_nbits, 0, true, true),
	BYTE(rx_nbits, 1, true, true),
	BYTE(rx_nbits, 2, true, false),
	BYTE(rx_nbits, 4, true, false),
	BYTE(rx_nbits, 7, false, false),
	BYTE(rx_nbits, 8, true, false),
	BYTE(reserved[0], 1, false, false),
	BYTE(reserved[1], 1, false, false),
	BYTE(reserved[2], 128, false, false),
};

TEST(test_each_byte_of_the_head_is_checked)
{
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		struct spi_request r = plain();

		((uint8_t *)&r.head)[bytes[i].at] = bytes[i].value;
		if (is_valid(&rich, &r) != bytes[i].rich)
			fail_msg("%s, all supported", bytes[i].name);
		r.head.freq = 0;
		if (is_valid(&poor, &r) != bytes[i].poor)
			fail_msg("%s, nothing supported", bytes[i].name);
	}
}

static const struct {
	const char *name;
	size_t at;
	uint32_t value;
	bool rich, poor;
} words[] = {
#define WORD(field, value, r, p)                                              \
	{                                                                     \
#field " = " #value, offsetof(struct spi_head, field), value, \
			r, p                                                  \
	}
	WORD(mode, 0x00, true, true),
	WORD(mode, 0x01, true, false),
	WORD(mode, 0x02, true, false),
	WORD(mode, 0x04, true, false),
	WORD(mode, 0x08, true, false),
	WORD(mode, 0x10, true, false),
	WORD(mode, 0x1f, true, false),
	WORD(mode, 0x20, false, false),
	WORD(mode, 0x80000000, false, false),
	WORD(freq, 0, true, true),
	WORD(freq, 1001, true, true),
	WORD(freq, 1002, false, true),
	WORD(freq, UINT32_MAX, false, true), /* 0: no limit */
	WORD(word_delay_ns, 101, true, false),
	WORD(word_delay_ns, 102, false, false),
	WORD(word_delay_ns, UINT32_MAX, false, false),
	WORD(cs_setup_ns, 102, true, false),
	WORD(cs_setup_ns, 103, false, false),
	WORD(cs_delay_hold_ns, 103, true, false),
	WORD(cs_delay_hold_ns, 104, false, false),
	WORD(cs_change_delay_inactive_ns, 104, true, false),
	WORD(cs_change_delay_inactive_ns, 105, false, false),
};

TEST(test_each_word_of_the_head_is_checked)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct spi_request r = plain();

		memcpy((uint8_t *)&r.head + words[i].at, &words[i].value,
		       sizeof(uint32_t));
		if (is_valid(&rich, &r) != words[i].rich)
			fail_msg("%s, all supported", words[i].name);
		if (is_valid(&poor, &r) != words[i].poor)
			fail_msg("%s, nothing supported", words[i].name);
	}
}

TEST(test_every_mode_needs_its_two_bits_of_the_config)
{
	for (uint32_t can = 0; can < 16; can++) {
		struct spi_config config = rich;

		config.mode_func_supported = can;
		for (uint32_t mode = 0; mode < 4; mode++) {
			struct spi_request r = plain();
			bool phase = can & (mode & 1 ? 2 : 1);
			bool polarity = can & (mode & 2 ? 8 : 4);

			r.head.mode = mode;
			assert_int_equal(is_valid(&config, &r),
					 phase && polarity);
		}
	}
}

TEST(test_each_wide_mode_needs_its_own_bit)
{
	static const uint8_t lines[] = { 2, 4, 8 };

	for (unsigned int can = 0; can < 8; can++) {
		struct spi_config config = poor;

		for (unsigned int i = 0; i < 3; i++) {
			struct spi_request r = plain();

			config.tx_nbits_supported = (uint8_t)can;
			config.rx_nbits_supported = 0;
			r.head.tx_nbits = lines[i];
			assert_int_equal(is_valid(&config, &r), can >> i & 1);
			config.tx_nbits_supported = 0;
			config.rx_nbits_supported = (uint8_t)can;
			assert_false(is_valid(&config, &r));
			r.head.tx_nbits = 0;
			r.head.rx_nbits = lines[i];
			assert_int_equal(is_valid(&config, &r), can >> i & 1);
		}
	}
}

TEST(test_word_size_mask_has_a_bit_for_each_size)
{
	for (unsigned int bit = 0; bit < 32; bit++) {
		struct spi_config config = rich;

		config.bits_per_word_mask = 1u << bit;
		for (unsigned int bits = 0; bits < 256; bits++) {
			struct spi_request r = plain();

			r.head.bits_per_word = (uint8_t)bits;
			assert_int_equal(is_valid(&config, &r),
					 bits == bit + 1);
		}
	}
}

static const struct {
	uint8_t bits;
	uint64_t tx, rx;
	bool ok;
} lengths[] = {
	{ 8, 1, 0, true },
	{ 8, 0, 1, true },
	{ 8, 7, 7, true },
	{ 8, 0, 0, false },
	{ 8, 7, 8, false },
	{ 8, 8, 7, false },
	{ 8, 1ull << 32, 0, true },
	/* equal in their low 32 bits only */
	{ 8, (1ull << 32) + 4, 4, false },
	{ 9, 2, 2, true },
	{ 9, 3, 3, false },
	{ 16, 1, 0, false },
	{ 16, 0, 1, false },
	{ 17, 4, 4, true },
	{ 17, 2, 2, false },
	{ 32, 4, 0, true },
	{ 32, 6, 6, false },
	{ 24, 0, 8, true },
	{ 24, 0, 3, false },
};

TEST(test_lengths_must_agree_and_fill_words)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct spi_request r = plain();

		r.head.bits_per_word = lengths[i].bits;
		r.tx_len = lengths[i].tx;
		r.rx_len = lengths[i].rx;
		if (is_valid(&rich, &r) != lengths[i].ok)
			fail_msg("row %zu", i);
	}
}

TEST(test_words_take_1_2_or_4_bytes)
{
	for (uint8_t bits = 1; bits <= 32; bits++) {
		assert_int_equal(spi_word_size(bits), bits <= 8	   ? 1
						      : bits <= 16 ? 2
								   : 4);
		for (uint64_t n = 0; n < 3; n++)
			assert_int_equal(
				spi_words(n * spi_word_size(bits), bits), n);
	}
}

/* What differs from a plain request to chip 0, and what is said of it. */
static const struct {
	bool poor;
	struct spi_head head;
	uint64_t tx_len, rx_len;
	const char *reason;
} reasons[] = {
	{ .head.chip_select_id = 3,
	  .reason = "chip select 3: the controller has 0 to 2" },
	{ .poor = true,
	  .head.chip_select_id = 1,
	  .reason = "chip select 1: the controller has 0" },
	{ .head = { .chip_select_id = 2, .bits_per_word = 99 },
	  .reason = "word size 99 on chip select 2: the controller has 1 to "
		    "32" },
	{ .poor = true,
	  .head.bits_per_word = 16,
	  .reason = "word size 16 on chip select 0: the controller has 8" },
	{ .head.cs_change = 2,
	  .reason = "cs_change 2 on chip select 0: the controller has 0 and "
		    "1" },
	{ .poor = true,
	  .head.cs_change = 1,
	  .reason = "cs_change 1 on chip select 0: the controller has 0 "
		    "only" },
	{ .head.tx_nbits = 3,
	  .reason = "tx_nbits 3 on chip select 0: the controller has 1, 2, 4, "
		    "8" },
	{ .poor = true,
	  .head.rx_nbits = 2,
	  .reason = "rx_nbits 2 on chip select 0: the controller has 1" },
	{ .head.reserved[2] = 7, .reason = "reserved byte 2 is 7, not 0" },
	{ .head.freq = 1002,
	  .reason = "clock of 1002 Hz on chip select 0: the controller has up "
		    "to 1001 Hz" },
	{ .head.mode = 0x21,
	  .reason = "mode 0x21 on chip select 0: the controller has no meaning "
		    "for one of its bits" },
	{ .poor = true,
	  .head.mode = 0x1,
	  .reason = "mode 0x1 on chip select 0: the controller has no CPHA 1" },
	{ .poor = true,
	  .head.mode = 0x4,
	  .reason = "mode 0x4 on chip select 0: the controller has no "
		    "active-high chip select" },
	{ .head.cs_setup_ns = 103,
	  .reason = "setup delay of 103 ns on chip select 0: the controller "
		    "has up to 102 ns" },
	{ .head = { .chip_select_id = 255,
		    .bits_per_word = 255,
		    .mode = UINT32_MAX },
	  .reason = "chip select 255: the controller has 0 to 2" },
	{ .head.cs_change_delay_inactive_ns = UINT32_MAX,
	  .reason = "inactive delay of 4294967295 ns on chip select 0: the "
		    "controller has up to 104 ns" },
	{ .tx_len = 7,
	  .rx_len = 6,
	  .reason = "tx of 7 bytes and rx of 6 differ in length" },
	{ .head.bits_per_word = 17,
	  .tx_len = 6,
	  .reason = "6 bytes are no multiple of a word: words of 17 bits have "
		    "4 bytes" },
};

TEST(test_reason_names_the_value_and_what_there_is)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct spi_request r = { .head = reasons[i].head,
					 .tx_len = reasons[i].tx_len,
					 .rx_len = reasons[i].rx_len };
		char reason[SPI_REASON_SIZE];

		if (!r.head.bits_per_word)
			r.head.bits_per_word = 8;
		if (!r.tx_len)
			r.tx_len = 8;
		assert_false(spi_validate(reasons[i].poor ? &poor : &rich, &r,
					  reason));
		assert_string_equal(reason, reasons[i].reason);
	}
}

TEST(test_reason_lists_the_word_sizes)
{
	static const struct {
		uint32_t mask;
		const char *list;
	} rows[] = {
		{ 0x80008080, "8, 16, 32" },
		{ 0xffffff80, "8 to 32" },
		{ 0x7ffffffe, "2 to 31" },
		{ 0x00000180, "8, 9" },
		{ 0x80008788, "4, 8 to 11, 16, 32" },
		{ 0x55555555,
		  "1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31" },
		{ 0xdb6db6db, "1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, "
			      "20, 22, 23, 25, 26, 28, 29, 31, 32" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spi_config config = rich;
		struct spi_request r = plain();
		char reason[SPI_REASON_SIZE];

		config.bits_per_word_mask = rows[i].mask;
		r.head.bits_per_word = 99;
		assert_false(spi_validate(&config, &r, reason));
		assert_string_equal(strrchr(reason, ':') +
					    strlen(": the controller has "),
				    rows[i].list);
	}
}

TEST_MAIN(NULL, NULL)
