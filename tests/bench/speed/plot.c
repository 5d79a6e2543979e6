/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A plot for each group of rows that has an axis, two in a line: the time of a
 * request over what grows, on axes that double at each step, with its
 * quartiles.
 */
#include <math.h>
#include <string.h>

#include "tests/bench/speed/result.h"

#define COLUMNS	   2
#define WIDTH	   430 /* of a plot, with its labels */
#define HEIGHT	   290
#define LEFT	   58 /* of the axes, in it */
#define TOP	   44
#define PLOT_W	   350
#define PLOT_H	   190
#define HEADER	   64
#define MAX_POINTS 32

static const char *const colours[PEER_KINDS] = {
	[PEER_FLOOR] = "#8a8f98",  [PEER_DAEMON] = "#1f6fb4",
	[PEER_KEEPER] = "#3a9d5d", [PEER_POLL] = "#8a5cc2",
	[PEER_TRACE] = "#b04a6f",  [PEER_OTHER] = "#d9772b",
};

/* One plot */
struct plot {
	FILE *file;
	const struct row_group *group;
	const struct results *points[MAX_POINTS];
	unsigned int count;
	double x_min, x_max, y_min, y_max; /* logarithms, base 2 */
	double left, top;		   /* of the axes, on the page */
};

static double x_at(const struct plot *p, double value)
{
	return p->left +
	       (log2(value) - p->x_min) / (p->x_max - p->x_min) * PLOT_W;
}

static double y_at(const struct plot *p, double value)
{
	return p->top + PLOT_H -
	       (log2(value) - p->y_min) / (p->y_max - p->y_min) * PLOT_H;
}

static bool is_shown(const struct result *r)
{
	return r->present && !r->failed;
}

/* Whole steps of the axes around all points */
static void set_range(struct plot *p)
{
	p->x_min = floor(log2(p->points[0]->row->x));
	p->x_max = ceil(log2(p->points[p->count - 1]->row->x));
	p->y_min = 100;
	p->y_max = -100;
	for (unsigned int i = 0; i < p->count; i++) {
		for (unsigned int kind = 0; kind < PEER_KINDS; kind++) {
			const struct result *r = &p->points[i]->of[kind];

			if (!is_shown(r))
				continue;
			p->y_min = fmin(p->y_min, floor(log2(r->us.low)));
			p->y_max = fmax(p->y_max, ceil(log2(r->us.high)));
		}
	}
	if (p->y_max < p->y_min + 2)
		p->y_max = p->y_min + 2;
}

static void write_text(const struct plot *p, double x, double y,
		       const char *class, const char *text)
{
	fprintf(p->file, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n",
		x, y, class, text);
}

static void write_line(const struct plot *p, double x1, double y1, double x2,
		       double y2)
{
	fprintf(p->file,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x1,
		y1, x2, y2);
}

/* As people write a number: 0.25, 4, 64k */
static const char *number(double value, char text[16])
{
	if (value >= 4096)
		snprintf(text, 16, "%.0fk", value / 1024);
	else
		snprintf(text, 16, "%.4g", value);
	return text;
}

static void write_axes(const struct plot *p)
{
	double x_step = p->x_max - p->x_min > 8 ? 2 : 1;
	double y_step = p->y_max - p->y_min > 6 ? 2 : 1;
	char text[16];

	for (double i = p->x_min; i <= p->x_max; i += x_step) {
		double x = x_at(p, exp2(i));

		write_line(p, x, p->top, x, p->top + PLOT_H);
		write_text(p, x, p->top + PLOT_H + 16, "tick middle",
			   number(exp2(i), text));
	}
	for (double i = p->y_min; i <= p->y_max; i += y_step) {
		double y = y_at(p, exp2(i));

		write_line(p, p->left, y, p->left + PLOT_W, y);
		write_text(p, p->left - 7, y + 4, "tick end",
			   number(exp2(i), text));
	}
	write_text(p, p->left + PLOT_W / 2.0, p->top + PLOT_H + 34, "middle",
		   p->group->axis);
	write_text(p, p->left, p->top - 22, "title", p->group->title);
	write_text(p, p->left - 42, p->top - 7, "tick", "us for each request");
}

/* The quartiles: forth along one, back along the other. */
static void write_band(const struct plot *p, enum peer_kind kind)
{
	fprintf(p->file, "<polygon fill=\"%s\" points=\"", colours[kind]);
	for (unsigned int i = 0; i < 2 * p->count; i++) {
		bool back = i >= p->count;
		const struct results *at =
			p->points[back ? 2 * p->count - 1 - i : i];
		const struct result *r = &at->of[kind];

		if (is_shown(r))
			fprintf(p->file, "%.1f,%.1f ", x_at(p, at->row->x),
				y_at(p, back ? r->us.low : r->us.high));
	}
	fprintf(p->file, "\"/>\n");
}

static void write_medians(const struct plot *p, enum peer_kind kind)
{
	fprintf(p->file, "<polyline stroke=\"%s\" points=\"", colours[kind]);
	for (unsigned int i = 0; i < p->count; i++) {
		const struct result *r = &p->points[i]->of[kind];

		if (is_shown(r))
			fprintf(p->file, "%.1f,%.1f ",
				x_at(p, p->points[i]->row->x),
				y_at(p, r->us.median));
	}
	fprintf(p->file, "\"/>\n");
	for (unsigned int i = 0; i < p->count; i++) {
		const struct result *r = &p->points[i]->of[kind];

		if (is_shown(r))
			fprintf(p->file,
				"<circle fill=\"%s\" r=\"3\" cx=\"%.1f\" "
				"cy=\"%.1f\"/>\n",
				colours[kind], x_at(p, p->points[i]->row->x),
				y_at(p, r->us.median));
	}
}

static bool takes_part(const struct plot *p, enum peer_kind kind)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (is_shown(&p->points[i]->of[kind]))
			return true;
	return false;
}

/* Draws plot number @index. */
static void write_plot(struct plot *p, unsigned int index)
{
	p->left = index % COLUMNS * WIDTH + LEFT;
	p->top = HEADER + index / COLUMNS * HEIGHT + TOP;
	set_range(p);
	write_axes(p);
	for (unsigned int kind = 0; kind < PEER_KINDS; kind++) {
		if (!takes_part(p, kind))
			continue;
		write_band(p, kind);
		write_medians(p, kind);
	}
}

/* Returns true if one of the rows that are drawn has @kind. */
static bool has_kind(const struct report *report, enum peer_kind kind)
{
	for (unsigned int i = 0; i < report->count; i++)
		if (report->results[i].row->x > 0 &&
		    is_shown(&report->results[i].of[kind]))
			return true;
	return false;
}

static void write_legend(FILE *file, const struct report *report)
{
	int x = LEFT;

	for (unsigned int kind = 0; kind < PEER_KINDS; kind++) {
		if (!has_kind(report, kind))
			continue;
		fprintf(file,
			"<rect x=\"%d\" y=\"20\" width=\"22\" height=\"6\" "
			"fill=\"%s\"/><text x=\"%d\" y=\"27\">%s</text>\n",
			x, colours[kind], x + 28, peer_name(kind));
		x += 130;
	}
	fprintf(file,
		"<text x=\"%d\" y=\"50\" class=\"tick\">Lines are medians, "
		"bands are quartiles.</text>\n",
		LEFT);
}

static void write_head(FILE *file, unsigned int plots,
		       const struct report *report)
{
	unsigned int lines = (plots + COLUMNS - 1) / COLUMNS;

	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d "
		"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
		"<style>.title{font-weight:bold;font-size:13px}"
		".tick{fill:#555;font-size:11px}"
		".middle{text-anchor:middle}.end{text-anchor:end}"
		"line{stroke:#ddd}polyline{fill:none;stroke-width:2}"
		"polygon{opacity:.18}</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		COLUMNS * WIDTH, HEADER + (int)lines * HEIGHT);
	write_legend(file, report);
}

/* Collects the rows of @group. Returns false if there is nothing to draw. */
static bool find_points(struct plot *p, const struct row_group *group,
			const struct report *report)
{
	p->group = group;
	p->count = 0;
	for (unsigned int i = 0; group->axis && i < report->count; i++) {
		const struct results *results = &report->results[i];

		if (!strcmp(results->row->group, group->name) &&
		    p->count < MAX_POINTS)
			p->points[p->count++] = results;
	}
	return p->count > 1;
}

void report_write_svg(FILE *file, const struct report *report)
{
	struct plot plot = { .file = file };
	unsigned int plots = 0;

	for (size_t i = 0; i < row_group_count; i++)
		plots += find_points(&plot, &row_groups[i], report);
	write_head(file, plots, report);
	plots = 0;
	for (size_t i = 0; i < row_group_count; i++)
		if (find_points(&plot, &row_groups[i], report))
			write_plot(&plot, plots++);
	fprintf(file, "</svg>\n");
}
