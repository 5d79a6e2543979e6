/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/fake_chip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SENT_MAX (4u << 20)

uint8_t fake_chip_answer(size_t at)
{
	return (uint8_t)(at * 13 + (at >> 8) + 1);
}

static uint8_t answer(struct fake_chip *chip)
{
	uint8_t byte = fake_chip_answer(chip->received++);

	return chip->answer < 0 ? byte : (uint8_t)chip->answer;
}

static void check_piece(struct fake_chip *chip, const struct spi_piece *piece)
{
	const char *fault = NULL;

	if (!piece->len || piece->len > chip->dev.caps.max_piece)
		fault = "a piece of bad length";
	else if (piece->len % spi_word_size(piece->bits_per_word))
		fault = "a word was split";
	else if (!piece->tx && !piece->rx)
		fault = "a piece without data";
	else if (chip->selected && piece->setup_ns)
		fault = "a setup delay inside a message";
	else if (chip->count == FAKE_CHIP_PIECES)
		fault = "too many pieces for this test";
	if (!chip->fault)
		chip->fault = fault;
}

static void record(struct fake_chip *chip, const struct spi_piece *piece)
{
	chip->pieces[chip->count++] = (struct fake_piece){
		.piece = *piece,
		.selects = !chip->selected,
		.sent_at = chip->sent_len,
	};
	if (!chip->selected)
		chip->selects++;
	chip->selected = true;
	if (piece->tx && chip->sent_len + piece->len <= SENT_MAX) {
		memcpy(chip->sent + chip->sent_len, piece->tx, piece->len);
		chip->sent_len += piece->len;
	}
}

static void deselect(struct fake_chip *chip)
{
	if (chip->selected)
		chip->releases++;
	chip->selected = false;
}

static int run_piece(struct fake_chip *chip, const struct spi_piece *piece)
{
	struct timespec slow = { chip->slow_ms / 1000,
				 (long)(chip->slow_ms % 1000) * 1000000 };

	check_piece(chip, piece);
	if (chip->fault)
		return -EPROTO;
	record(chip, piece);
	if (chip->slow_ms)
		nanosleep(&slow, NULL);
	if (chip->hook)
		chip->hook(chip->opaque);
	if (chip->count == chip->fail_at) {
		deselect(chip);
		return chip->error;
	}
	if (piece->rx)
		for (uint32_t i = 0; i < piece->len; i++)
			piece->rx[i] = answer(chip);
	return 0;
}

static int fake_transfer(struct spi_device *dev, const struct spi_piece *piece)
{
	struct fake_chip *chip = (struct fake_chip *)dev;
	bool keep = false;
	int ret = 0;

	chip->messages++;
	for (; piece && !ret; piece = piece->next) {
		ret = run_piece(chip, piece);
		keep = piece->keep;
	}
	if (!ret && !keep)
		deselect(chip);
	return ret;
}

static int fake_release(struct spi_device *dev)
{
	deselect((struct fake_chip *)dev);
	return 0;
}

static const struct spi_device_ops fake_ops = {
	.transfer = fake_transfer,
	.release = fake_release,
};

void fake_chip_init(struct fake_chip *chip)
{
	*chip = (struct fake_chip){
		.dev = { .ops = &fake_ops,
			 .caps = { .max_piece = FAKE_CHIP_MAX_PIECE } },
		.sent = malloc(SENT_MAX),
		.answer = -1,
	};
	assert_non_null(chip->sent);
}

void fake_chip_fini(struct fake_chip *chip)
{
	free(chip->sent);
	if (chip->fault)
		fail_msg("a chip was given %s", chip->fault);
	assert_false(chip->selected);
	assert_int_equal(chip->selects, chip->releases);
}
