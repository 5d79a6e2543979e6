/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/watch/watch_view.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BUS_WIDTH   20
#define SHARES_SIZE 256
#define CELL_SIZE   16

/* A guest, and what it did per second */
struct row {
	const struct watch_guest *guest;
	bool known; /* it was there before */
	double requests, errors, sent, received;
};

/* A count is smaller than before if the guest, or the daemon, is new. */
static double rate(double before, double now, double seconds)
{
	return now > before && seconds > 0 ? (now - before) / seconds : 0;
}

static void fill_row(struct row *row, const struct watch_guest *guest,
		     const struct watch_stats *before, double seconds)
{
	const struct watch_guest *old =
		before ? watch_stats_guest(before, guest->name) : NULL;

	*row = (struct row){ .guest = guest, .known = old != NULL };
	if (!old)
		return;
	row->requests = rate(old->requests, guest->requests, seconds);
	row->errors = rate(old->errors, guest->errors, seconds);
	row->sent = rate(old->sent, guest->sent, seconds);
	row->received = rate(old->received, guest->received, seconds);
}

static int busier_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->requests != y->requests)
		return x->requests < y->requests ? 1 : -1;
	return strcmp(x->guest->name, y->guest->name);
}

/* Writes a figure per second, in at most 6 characters. */
static const char *cell(char text[CELL_SIZE], bool known, double figure)
{
	static const char units[] = " kMG";
	unsigned int unit = 0;

	if (!known)
		return "-";
	for (; figure >= 99999.5 && units[unit + 1]; unit++)
		figure /= 1000;
	if (unit == 0 && figure > 0 && figure < 9.95)
		snprintf(text, CELL_SIZE, "%.1f", figure);
	else
		snprintf(text, CELL_SIZE, "%.0f%.*s", figure, unit > 0,
			 units + unit);
	return text;
}

static void print_row(FILE *out, const struct row *row)
{
	char requests[CELL_SIZE], errors[CELL_SIZE], sent[CELL_SIZE];
	char received[CELL_SIZE];

	fprintf(out, "%-20.20s %-12.12s %8s %8s %8s %8s", row->guest->name,
		row->guest->state, cell(requests, row->known, row->requests),
		cell(errors, row->known, row->errors),
		cell(sent, row->known, row->sent),
		cell(received, row->known, row->received));
	if (row->guest->holding > 0)
		fprintf(out, "  has the bus");
	else if (row->guest->waiting > 0)
		fprintf(out, "  waits");
	fputc('\n', out);
}

static void print_guests(FILE *out, const struct watch_stats *before,
			 const struct watch_stats *now, double seconds,
			 unsigned int rows)
{
	unsigned int count = now->guest_count, shown = count;
	struct row *all = calloc(count + 1, sizeof(*all));

	fprintf(out, "%-20s %-12s %8s %8s %8s %8s\n", "GUEST", "STATE", "REQ/s",
		"ERR/s", "SENT/s", "RECV/s");
	if (!all)
		return;
	for (unsigned int i = 0; i < count; i++)
		fill_row(&all[i], &now->guests[i], before, seconds);
	if (rows)
		qsort(all, count, sizeof(*all), busier_first);
	if (rows && count > rows)
		shown = rows - 1;
	for (unsigned int i = 0; i < shown; i++)
		print_row(out, &all[i]);
	if (shown < count)
		fprintf(out, "and %u more\n", count - shown);
	free(all);
}

/*
 * Writes "logger 62 %, panel 20 %". Returns the share of all in per cent.
 */
static double write_shares(char text[SHARES_SIZE],
			   const struct watch_stats *before,
			   const struct watch_stats *now, const char *bus,
			   double seconds)
{
	double all = 0;
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < now->guest_count; i++) {
		const char *guest = now->guests[i].name;
		double share = 100 * rate(watch_stats_share(before, guest, bus),
					  watch_stats_share(now, guest, bus),
					  seconds);

		all += share;
		if (share < 0.5 || len >= SHARES_SIZE)
			continue;
		len += snprintf(text + len, SHARES_SIZE - len, "%s%s %.0f %%",
				len ? ", " : "", guest, share);
	}
	/* A message counts as a whole when it is over. */
	return all < 100 ? all : 100;
}

static void print_buses(FILE *out, const struct watch_stats *before,
			const struct watch_stats *now, double seconds)
{
	char shares[SHARES_SIZE];

	fprintf(out, "%-*s %6s %8s  %s\n", BUS_WIDTH, "BUS", "BUSY", "WAITING",
		"WHO HAD IT");
	for (unsigned int i = 0; i < now->bus_count; i++) {
		const struct watch_bus *bus = &now->buses[i];

		fprintf(out, "%-*.*s ", BUS_WIDTH, BUS_WIDTH, bus->name);
		if (before)
			fprintf(out, "%4.0f %%",
				write_shares(shares, before, now, bus->name,
					     seconds));
		else
			fprintf(out, "%6s", "-");
		fprintf(out, " %8.0f  %s\n", bus->waiting,
			before ? shares : "");
	}
}

void watch_view_print(FILE *out, const struct watch_stats *before,
		      const struct watch_stats *now, double seconds,
		      unsigned int rows)
{
	unsigned int others = now->bus_count + 3; /* buses, titles, a blank */

	print_buses(out, before, now, seconds);
	fputc('\n', out);
	if (rows)
		rows = rows > others + 2 ? rows - others : 2;
	print_guests(out, before, now, seconds, rows);
}
