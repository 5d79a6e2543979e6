/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/trace/format/wave.h"

void wave_init(struct wave *wave)
{
	wave->last = &wave->first;
	wave->selected = -1;
	wave->clk.value = '0';
	for (unsigned int i = 0; i < WAVE_LINES; i++)
		wave->lines[i].value = 'z';
}

/* The record in hand is done. */
static void drop_record(struct wave *wave)
{
	struct wave_record *done = wave->first;

	wave->first = done->next;
	if (!wave->first)
		wave->last = &wave->first;
	wave->waiting -= done->record.size;
	wave->phase = WAVE_IDLE;
	free(done);
}

void wave_fini(struct wave *wave)
{
	while (wave->first)
		drop_record(wave);
}

bool wave_add(struct wave *wave, const struct trace_record *record, int cs)
{
	struct wave_record *copy =
		malloc(offsetof(struct wave_record, record) + record->size);

	if (!copy)
		return false;
	memcpy(&copy->record, record, record->size);
	copy->record.chip = (uint16_t)cs;
	copy->next = NULL;
	*wave->last = copy;
	wave->last = &copy->next;
	wave->waiting += record->size;
	return true;
}

uint64_t wave_next(const struct wave *wave)
{
	if (!wave->first)
		return CLOCK_NEVER;
	if (wave->phase != WAVE_IDLE)
		return wave->due;
	return clock_later(wave->first->record.begin, wave->free_at);
}

static void go_on(struct wave *wave, enum wave_phase phase, uint64_t due)
{
	wave->phase = phase;
	wave->due = due;
}

static const struct trace_piece *piece_of(const struct wave *wave)
{
	return &wave->first->record.piece;
}

/* So many cycles of the clock, ns */
static uint64_t cycles_ns(const struct wave *wave, uint32_t cycles)
{
	return cycles * NS_PER_S / wave->speed_hz;
}

static uint64_t half_ns(const struct wave *wave)
{
	return clock_later(cycles_ns(wave, 1) / 2, 1);
}

static char level(bool high)
{
	return high ? '1' : '0';
}

static char active_level(const struct wave *wave)
{
	return level(piece_of(wave)->mode & VIRTIO_SPI_MODE_CS_HIGH);
}

static char inactive_level(const struct wave *wave)
{
	return level(!(piece_of(wave)->mode & VIRTIO_SPI_MODE_CS_HIGH));
}

static void set_all_lines(struct wave *wave, struct vcd_text *text, char value)
{
	for (unsigned int i = 0; i < wave->line_count; i++)
		vcd_text_set(text, &wave->lines[i], value);
}

/* The selected chip is no more. */
static void deselect(struct wave *wave, struct vcd_text *text)
{
	struct vcd_signal *cs;

	if (wave->selected < 0)
		return;
	cs = &wave->cs[wave->selected];
	vcd_text_set(text, cs, level(cs->value == '0'));
	set_all_lines(wave, text, 'z');
	wave->selected = -1;
}

/* Lines that the piece uses: 1 is both, one for each direction. */
static unsigned int width_of(const struct trace_piece *piece)
{
	unsigned int width = piece->has_tx ? piece->tx_nbits : piece->rx_nbits;

	return width > 1 ? width : 1;
}

/* The bytes of word @index of @bytes, as the host has them in memory. */
static uint32_t load_word(const struct trace_piece *piece, const uint8_t *bytes,
			  uint32_t index)
{
	uint32_t size = spi_word_size(piece->bits_per_word);
	uint32_t word32;
	uint16_t word16;

	bytes += (uint64_t)index * size;
	switch (size) {
	case 1:
		return *bytes;
	case 2:
		memcpy(&word16, bytes, sizeof(word16));
		return word16;
	default:
		memcpy(&word32, bytes, sizeof(word32));
		return word32;
	}
}

/* What line @line carries of @word in cycle @cycle of it. */
static bool bit_of(const struct trace_piece *piece, uint32_t word,
		   uint32_t cycle, unsigned int line, unsigned int width)
{
	uint32_t bit = cycle * width + (width - 1 - line);

	if (piece->mode & VIRTIO_SPI_MODE_LSB_FIRST)
		bit = cycle * width + line;
	else if (bit < piece->bits_per_word)
		bit = piece->bits_per_word - 1 - bit;
	return bit < piece->bits_per_word && word >> bit & 1;
}

static void set_single_lines(struct wave *wave, struct vcd_text *text,
			     uint32_t cycle)
{
	const struct trace_piece *piece = piece_of(wave);
	const uint8_t *bytes = trace_record_bytes(&wave->first->record);
	char mosi = '0', miso = 'x';

	if (piece->has_tx) {
		mosi = level(bit_of(piece, load_word(piece, bytes, wave->word),
				    cycle, 0, 1));
		bytes += piece->len;
	}
	if (piece->has_rx && piece->rx_nbits <= 1)
		miso = level(bit_of(piece, load_word(piece, bytes, wave->word),
				    cycle, 0, 1));
	vcd_text_set(text, &wave->lines[0], mosi);
	vcd_text_set(text, &wave->lines[1], miso);
	for (unsigned int i = 2; i < wave->line_count; i++)
		vcd_text_set(text, &wave->lines[i], 'z');
}

static void set_lines(struct wave *wave, struct vcd_text *text)
{
	const struct trace_piece *piece = piece_of(wave);
	const uint8_t *bytes = trace_record_bytes(&wave->first->record);
	uint32_t cycle = wave->cycle % wave->word_cycles;
	unsigned int width = width_of(piece);
	uint32_t word;

	if (width == 1) {
		set_single_lines(wave, text, cycle);
		return;
	}
	word = load_word(piece, bytes, wave->word);
	for (unsigned int i = 0; i < wave->line_count; i++)
		vcd_text_set(
			text, &wave->lines[i],
			i < width ? level(bit_of(piece, word, cycle, i, width))
				  : 'z');
}

static void set_clock(struct wave *wave, struct vcd_text *text, bool active)
{
	bool idle = piece_of(wave)->mode & VIRTIO_SPI_MODE_CPOL;

	vcd_text_set(text, &wave->clk, level(active != idle));
}

/* The chip is selected: the first bit begins at @at. */
static void begin_piece(struct wave *wave, uint64_t at)
{
	const struct trace_piece *piece = piece_of(wave);
	unsigned int width = width_of(piece);

	wave->start = at;
	wave->cycle = 0;
	wave->word = 0;
	wave->words = piece->len / spi_word_size(piece->bits_per_word);
	wave->word_cycles = (piece->bits_per_word + width - 1) / width;
	go_on(wave, WAVE_BIT, at);
}

static void set_speed(struct wave *wave)
{
	uint32_t hz = piece_of(wave)->speed_hz;

	wave->speed_hz = !hz		       ? WAVE_SPEED_DEFAULT
			 : hz > WAVE_SPEED_MAX ? WAVE_SPEED_MAX
					       : hz;
}

static void select_chip(struct wave *wave, struct vcd_text *text, uint64_t at)
{
	const struct trace_piece *piece = piece_of(wave);

	wave->selected = wave->first->record.chip;
	vcd_text_set(text, &wave->cs[wave->selected], active_level(wave));
	if (wave->first->record.error) {
		set_all_lines(wave, text, 'x');
		go_on(wave, WAVE_RELEASE,
		      clock_later(at + half_ns(wave), wave->first->record.end));
	} else {
		begin_piece(wave,
			    at + clock_later(piece->setup_ns, half_ns(wave)));
	}
}

/* A piece begins. Whatever has to change before its chip is selected, does. */
static void open_piece(struct wave *wave, struct vcd_text *text, uint64_t at)
{
	const int chip = wave->first->record.chip;
	const struct vcd_signal *cs = &wave->cs[chip];
	const char clock = wave->clk.value;
	bool ready = true;

	set_speed(wave);
	if (wave->selected == chip && !wave->first->record.error) {
		begin_piece(wave, at);
		return;
	}
	if (wave->selected >= 0 && wave->selected != chip) {
		deselect(wave, text);
		ready = false;
	}
	if (wave->selected < 0 && cs->value != inactive_level(wave)) {
		vcd_text_set(text, &wave->cs[chip], inactive_level(wave));
		ready = false;
	}
	set_clock(wave, text, false);
	ready &= clock == wave->clk.value;
	if (ready)
		select_chip(wave, text, at);
	else
		go_on(wave, WAVE_SELECT, at + half_ns(wave));
}

static void lose(struct wave *wave, struct vcd_text *text)
{
	for (unsigned int i = 0; i < wave->cs_count; i++)
		vcd_text_set(text, &wave->cs[i], 'x');
	set_all_lines(wave, text, 'x');
	go_on(wave, WAVE_RESUME,
	      clock_later(text->now + 1, wave->first->record.end));
}

/* Nobody knows what is selected; but most of the time nothing is. */
static void resume(struct wave *wave, struct vcd_text *text)
{
	for (unsigned int i = 0; i < wave->cs_count; i++)
		vcd_text_set(text, &wave->cs[i], '1');
	set_all_lines(wave, text, 'z');
	wave->selected = -1;
	wave->free_at = text->now + 1;
	drop_record(wave);
}

static void open_record(struct wave *wave, struct vcd_text *text, uint64_t at)
{
	switch (wave->first->record.kind) {
	case TRACE_PIECE:
		open_piece(wave, text, at);
		break;
	case TRACE_LOST:
		lose(wave, text);
		break;
	default: /* TRACE_RELEASE */
		deselect(wave, text);
		wave->free_at = at + 1;
		drop_record(wave);
		break;
	}
}

/* All words of the piece are on the wire, at @at. */
static void end_piece(struct wave *wave, uint64_t at)
{
	const struct trace_piece *piece = piece_of(wave);

	if (piece->last && !piece->keep) {
		at += clock_later(piece->hold_ns, half_ns(wave));
		go_on(wave, WAVE_RELEASE,
		      clock_later(at, wave->first->record.end));
	} else {
		wave->free_at = at + piece->hold_ns;
		drop_record(wave);
	}
}

static void end_word(struct wave *wave, struct vcd_text *text)
{
	set_clock(wave, text, false);
	wave->word++;
	if (wave->word == wave->words) {
		end_piece(wave, wave->due);
		return;
	}
	wave->start += piece_of(wave)->word_delay_ns;
	go_on(wave, WAVE_BIT, wave->start + cycles_ns(wave, wave->cycle));
}

/* One cycle: the clock leads at its begin with CPHA, in its middle without. */
static void step_cycle(struct wave *wave, struct vcd_text *text)
{
	bool phase = piece_of(wave)->mode & VIRTIO_SPI_MODE_CPHA;

	if (wave->phase == WAVE_BIT) {
		set_clock(wave, text, phase);
		set_lines(wave, text);
		go_on(wave, WAVE_MIDDLE, wave->due + half_ns(wave));
		return;
	}
	set_clock(wave, text, !phase);
	wave->cycle++;
	go_on(wave, wave->cycle % wave->word_cycles ? WAVE_BIT : WAVE_WORD,
	      wave->start + cycles_ns(wave, wave->cycle));
}

void wave_step(struct wave *wave, struct vcd_text *text)
{
	uint64_t at = wave_next(wave);

	assert(wave->first);
	vcd_text_at(text, at);
	switch (wave->phase) {
	case WAVE_IDLE:
		open_record(wave, text, at);
		break;
	case WAVE_SELECT:
		select_chip(wave, text, at);
		break;
	case WAVE_BIT:
	case WAVE_MIDDLE:
		step_cycle(wave, text);
		break;
	case WAVE_WORD:
		end_word(wave, text);
		break;
	case WAVE_RELEASE:
		deselect(wave, text);
		/* So that the release can be seen. */
		wave->free_at = at + 2 * half_ns(wave);
		drop_record(wave);
		break;
	case WAVE_RESUME:
		resume(wave, text);
		break;
	}
}
