/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/trace/format/trace_format.h"
#include "spi-daemon/trace/format/vcd_text.h"
#include "spi-daemon/trace/format/wave.h"

/* So much may wait for its time, bytes, before it is written all the same. */
#define WAITING_MAX (1u << 19)

/* Between the beginning of the file and the first edge, ns */
#define LEAD_NS 1000

struct vcd_bus {
	struct wave wave;
	unsigned int *numbers; /* of its chips, for their names */
	char name[TRACE_BUS_NAME];
};

/* Where a chip is. */
struct vcd_chip {
	struct vcd_bus *bus;
	int cs; /* its index there */
};

struct vcd {
	struct trace_format format;
	struct vcd_text text;
	struct vcd_bus **buses;
	unsigned int bus_count;
	struct vcd_chip *chips; /* by number */
	unsigned int chip_count;
	unsigned int signals; /* that have a name */
	unsigned int file;    /* has a header: ->files of the output, or 0; */
	bool stale;	      /* but that lacks a chip */
	uint64_t dropped;     /* records for which there was no memory */
};

static struct vcd *to_vcd(struct trace_format *format)
{
	return (struct vcd *)(void *)format;
}

static const char *line_name(unsigned int line)
{
	static const char *const names[WAVE_LINES] = {
		"mosi", "miso", "io2", "io3", "io4", "io5", "io6", "io7",
	};

	return names[line];
}

static void print_var(struct trace_out *out, const struct vcd_signal *signal,
		      const char *name)
{
	trace_out_print(out, "$var wire 1 %s %s $end\n", signal->id, name);
}

static void print_bus(struct trace_out *out, const struct vcd_bus *bus)
{
	const struct wave *wave = &bus->wave;
	char name[16];

	trace_out_print(out, "$scope module %s $end\n", bus->name);
	for (unsigned int i = 0; i < wave->cs_count; i++) {
		snprintf(name, sizeof(name), "cs%u", bus->numbers[i]);
		print_var(out, &wave->cs[i], name);
	}
	print_var(out, &wave->clk, "clk");
	for (unsigned int i = 0; i < wave->line_count; i++)
		print_var(out, &wave->lines[i], line_name(i));
	trace_out_text(out, "$upscope $end\n");
}

static void print_values(struct vcd *vcd)
{
	vcd->text.stamped = false;
	vcd_text_stamp(&vcd->text);
	trace_out_text(vcd->format.out, "$dumpvars\n");
	for (unsigned int i = 0; i < vcd->bus_count; i++) {
		const struct wave *wave = &vcd->buses[i]->wave;

		for (unsigned int j = 0; j < wave->cs_count; j++)
			vcd_text_value(&vcd->text, &wave->cs[j]);
		vcd_text_value(&vcd->text, &wave->clk);
		for (unsigned int j = 0; j < wave->line_count; j++)
			vcd_text_value(&vcd->text, &wave->lines[j]);
	}
	trace_out_text(vcd->format.out, "$end\n");
}

static void begin_file(struct vcd *vcd)
{
	struct trace_out *out = vcd->format.out;

	trace_out_text(out, "$date\n\ttime 0 is ");
	trace_out_date(out, vcd->text.base);
	trace_out_text(out, "\n$end\n$version\n\tvhost-device-spi " VERSION
			    "\n$end\n"
			    "$timescale 1 ns $end\n");
	for (unsigned int i = 0; i < vcd->bus_count; i++)
		print_bus(out, vcd->buses[i]);
	trace_out_text(out, "$enddefinitions $end\n");
	print_values(vcd);
	vcd->file = out->files;
	vcd->stale = false;
}

/* After an error there may be another file. */
static bool has_header(const struct vcd *vcd)
{
	return vcd->file == vcd->format.out->files;
}

static bool is_full(const struct vcd *vcd)
{
	return vcd->format.limit && vcd->format.out->size >= vcd->format.limit;
}

static void say_lost(struct vcd *vcd, uint64_t count)
{
	vcd_text_stamp(&vcd->text);
	trace_out_print(vcd->format.out, "$comment lost %llu $end\n",
			(unsigned long long)count);
	trace_out_count(vcd->format.out, count);
}

/* Edges follow, the first of them at @at: the file has to be ready for them. */
static void prepare_file(struct vcd *vcd, uint64_t at)
{
	if (!vcd->text.base)
		vcd->text.base = vcd->text.now = at - LEAD_NS;
	if (has_header(vcd) && (vcd->stale || is_full(vcd)))
		trace_out_rotate(vcd->format.out);
	if (!has_header(vcd))
		begin_file(vcd);
	vcd_text_at(&vcd->text, at);
	if (vcd->dropped)
		say_lost(vcd, vcd->dropped);
	vcd->dropped = 0;
}

static struct vcd_bus *find_bus(struct vcd *vcd, const char *name)
{
	struct vcd_bus **buses, *bus;

	for (unsigned int i = 0; i < vcd->bus_count; i++)
		if (!strcmp(vcd->buses[i]->name, name))
			return vcd->buses[i];
	buses = reallocarray(vcd->buses, vcd->bus_count + 1,
			     sizeof(struct vcd_bus *));
	if (!buses)
		return NULL;
	vcd->buses = buses;
	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return NULL;
	memcpy(bus->name, name, sizeof(bus->name));
	wave_init(&bus->wave);
	vcd_text_name(&bus->wave.clk, vcd->signals++);
	buses[vcd->bus_count++] = bus;
	return bus;
}

/* Returns the index of the chip, or -1 without memory. */
static int find_cs(struct vcd *vcd, struct vcd_bus *bus, unsigned int number)
{
	struct wave *wave = &bus->wave;
	unsigned int index = wave->cs_count;
	unsigned int *numbers;
	struct vcd_signal *cs;

	for (unsigned int i = 0; i < wave->cs_count; i++)
		if (bus->numbers[i] == number)
			return (int)i;
	cs = reallocarray(wave->cs, index + 1, sizeof(*cs));
	if (cs)
		wave->cs = cs;
	numbers = reallocarray(bus->numbers, index + 1, sizeof(*numbers));
	if (numbers)
		bus->numbers = numbers;
	if (!cs || !numbers)
		return -1;
	bus->numbers[index] = number;
	wave->cs[index].value = '1';
	vcd_text_name(&wave->cs[index], vcd->signals++);
	wave->cs_count++;
	return (int)index;
}

static void add_lines(struct vcd *vcd, struct wave *wave, unsigned int lines)
{
	while (wave->line_count < lines && wave->line_count < WAVE_LINES)
		vcd_text_name(&wave->lines[wave->line_count++], vcd->signals++);
}

static void add_chip(struct vcd *vcd, const struct trace_record *record)
{
	const struct trace_chip *chip =
		(const void *)trace_record_bytes(record);
	unsigned int number = record->chip;
	struct vcd_bus *bus = find_bus(vcd, chip->bus);
	struct vcd_chip *chips;

	if (number >= vcd->chip_count) {
		chips = reallocarray(vcd->chips, number + 1, sizeof(*chips));
		if (!chips)
			return;
		memset(chips + vcd->chip_count, 0,
		       (number + 1 - vcd->chip_count) * sizeof(*chips));
		vcd->chips = chips;
		vcd->chip_count = number + 1;
	}
	if (!bus)
		return;
	add_lines(vcd, &bus->wave, chip->lines);
	chips = &vcd->chips[number];
	chips->cs = find_cs(vcd, bus, chip->cs);
	chips->bus = chips->cs < 0 ? NULL : bus;
	vcd->stale = true;
}

static void add_lost(struct vcd *vcd, const struct trace_record *record)
{
	for (unsigned int i = 0; i < vcd->bus_count; i++)
		if (!wave_add(&vcd->buses[i]->wave, record, -1))
			vcd->dropped++;
}

/* Returns false without memory. */
static bool add_event(struct vcd *vcd, const struct trace_record *record)
{
	const struct trace_piece *piece = &record->piece;
	struct vcd_chip *chip;
	struct wave *wave;

	if (record->chip >= vcd->chip_count || !vcd->chips[record->chip].bus)
		return false;
	chip = &vcd->chips[record->chip];
	wave = &chip->bus->wave;
	/* Few buses are so wide, even if they could be. */
	if (record->kind == TRACE_PIECE && wave->line_count < WAVE_LINES &&
	    (piece->tx_nbits > wave->line_count ||
	     piece->rx_nbits > wave->line_count)) {
		add_lines(vcd, wave, WAVE_LINES);
		vcd->stale = true;
	}
	return wave_add(wave, record, chip->cs);
}

static void vcd_add(struct trace_format *format,
		    const struct trace_record *record)
{
	struct vcd *vcd = to_vcd(format);

	if (record->kind == TRACE_CHIP)
		add_chip(vcd, record);
	else if (record->kind == TRACE_LOST)
		add_lost(vcd, record);
	else if (!add_event(vcd, record))
		vcd->dropped++;
}

/*
 * The bus whose edges are next; NULL: there are none. Stores in @second when
 * the others' are.
 */
static struct wave *next_wave(const struct vcd *vcd, uint64_t *second)
{
	uint64_t first = CLOCK_NEVER;
	struct wave *wave = NULL;

	*second = CLOCK_NEVER;
	for (unsigned int i = 0; i < vcd->bus_count; i++) {
		uint64_t next = wave_next(&vcd->buses[i]->wave);

		if (next < first) {
			*second = first;
			first = next;
			wave = &vcd->buses[i]->wave;
		} else if (next < *second) {
			*second = next;
		}
	}
	return wave;
}

static uint64_t waiting(const struct vcd *vcd)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < vcd->bus_count; i++)
		bytes += vcd->buses[i]->wave.waiting;
	return bytes;
}

/* Records are lost, and that is in hand: it is of all buses. */
static bool begins_loss(const struct vcd *vcd, const struct wave *wave)
{
	return wave->phase == WAVE_IDLE && wave == &vcd->buses[0]->wave &&
	       wave->first->record.kind == TRACE_LOST;
}

static bool vcd_write(struct trace_format *format, uint64_t until)
{
	struct vcd *vcd = to_vcd(format);
	uint64_t second, end;
	struct wave *wave;
	bool is_event;

	while ((wave = next_wave(vcd, &second)) && format->out->fd >= 0 &&
	       (wave_next(wave) <= until || waiting(vcd) > WAITING_MAX)) {
		prepare_file(vcd, wave_next(wave));
		end = clock_earlier(second, until);
		if (begins_loss(vcd, wave))
			say_lost(vcd, wave->first->record.lost);
		is_event = wave->first->record.kind != TRACE_LOST;
		do
			wave_step(wave, &vcd->text);
		while (wave->phase != WAVE_IDLE && wave_next(wave) <= end &&
		       !is_full(vcd));
		if (wave->phase == WAVE_IDLE && is_event)
			trace_out_count(format->out, 1);
	}
	return wave;
}

static void vcd_close(struct trace_format *format)
{
	struct vcd *vcd = to_vcd(format);

	vcd_write(format, CLOCK_NEVER - 1);
	if (!vcd->text.base)
		vcd->text.base = vcd->text.now = clock_now();
	if (!has_header(vcd))
		begin_file(vcd);
	for (unsigned int i = 0; i < vcd->bus_count; i++) {
		wave_fini(&vcd->buses[i]->wave);
		free(vcd->buses[i]->wave.cs);
		free(vcd->buses[i]->numbers);
		free(vcd->buses[i]);
	}
	free(vcd->buses);
	free(vcd->chips);
	free(vcd);
}

static const struct trace_format_ops vcd_ops = {
	.add = vcd_add,
	.write = vcd_write,
	.close = vcd_close,
};

struct trace_format *vcd_new(struct trace_out *out, uint64_t limit)
{
	struct vcd *vcd = calloc(1, sizeof(*vcd));

	if (!vcd)
		return NULL;
	vcd->format = (struct trace_format){ &vcd_ops, out, limit };
	vcd->text.out = out;
	return &vcd->format;
}
