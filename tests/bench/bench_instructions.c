/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How many instructions a request takes, for each layout of the ring: figures
 * that do not depend on what the machine does besides.
 *
 *	bench_instructions		prints them
 *	bench_instructions FILE		and compares them with those of FILE
 *	bench_instructions --update FILE	and writes them to it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "tests/bench/bench.h"
#include "tests/bench/speed/callgrind.h"
#include "vhost/front/front_setup.h"

#define TOLERANCE    0.02 /* of a figure of the file */

#define PACKED	     FRONT_BIT(VIRTIO_F_RING_PACKED)
#define INDIRECT     FRONT_BIT(VIRTIO_F_INDIRECT_DESC)
#define IOMMU	     FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM)

#define LINE_MAX_LEN 128

static const struct layout {
	const char *name;
	struct callgrind_load load;
} layouts[] = {
	{ "split", { "", 0, false, 4, 1 } },
	{ "split-indirect", { "", INDIRECT, true, 4, 1 } },
	{ "split-4096-bytes", { "", 0, false, 4096, 1 } },
	{ "split-32-at-once", { "", 0, false, 4, 32 } },
	{ "packed", { "--with=ring-packed", PACKED, false, 4, 1 } },
	{ "packed-32-at-once", { "--with=ring-packed", PACKED, false, 4, 32 } },
	{ "iommu", { "--with=access-platform", IOMMU, false, 4, 1 } },
};

#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

/* The first line of the file: whose instructions they are */
static const char *compiler_line(void)
{
	static char line[LINE_MAX_LEN];
	const char *flags = getenv("BENCH_CFLAGS");
	struct utsname machine;

	uname(&machine);
	snprintf(line, sizeof(line), "compiler %s %s %s %s",
#ifdef __clang__
		 "clang",
#else
		 "gcc",
#endif
		 __VERSION__, machine.machine, flags ? flags : "");
	return line;
}

static void write_file(const char *path, const double *counts)
{
	FILE *file = fopen(path, "we");

	if (!file)
		bench_die("%s: cannot be written", path);
	fprintf(file, "%s\n", compiler_line());
	for (size_t i = 0; i < LAYOUTS; i++)
		fprintf(file, "%s %.0f\n", layouts[i].name, counts[i]);
	if (fclose(file))
		bench_die("%s: cannot be written", path);
}

/* Returns the figure of @layout in @file, or 0. */
static double figure_of(FILE *file, const char *layout)
{
	char line[LINE_MAX_LEN];
	size_t len = strlen(layout);

	rewind(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, layout, len) && line[len] == ' ')
			return atof(line + len);
	return 0;
}

/* Returns false, and says so, unless the figures are for this compiler. */
static bool is_ours(FILE *file, const char *path)
{
	char line[LINE_MAX_LEN] = "";

	if (fgets(line, sizeof(line), file))
		line[strcspn(line, "\n")] = '\0';
	if (!strcmp(line, compiler_line()))
		return true;
	printf("skipped: %s is for \"%s\", this is \"%s\"\n", path, line,
	       compiler_line());
	return false;
}

/* Returns the exit status. */
static int compare(const char *path, const double *counts)
{
	FILE *file = fopen(path, "re");
	int status = 0;

	if (!file)
		bench_die("%s: cannot be read", path);
	if (!is_ours(file, path)) {
		fclose(file);
		return 0;
	}
	for (size_t i = 0; i < LAYOUTS; i++) {
		double expected = figure_of(file, layouts[i].name);
		double ratio = expected ? counts[i] / expected : 2;

		if (ratio > 1 - TOLERANCE && ratio < 1 + TOLERANCE)
			continue;
		printf("%s: %.0f instructions, and %s has %.0f\n",
		       layouts[i].name, counts[i], path, expected);
		status = 1;
	}
	fclose(file);
	printf(status ? "If that is meant: make update-instructions\n"
		      : "As in %s, within %.0f %%\n",
	       path, TOLERANCE * 100);
	return status;
}

static void count_all(const struct fake_bus *bus, double *counts)
{
	printf("Instructions of a request, of the thread that serves it and "
	       "sleeps before it\n%-20s %10s %10s\n",
	       "", "daemon", "libraries");
	for (size_t i = 0; i < LAYOUTS; i++) {
		struct callgrind_count count =
			callgrind_count(bus, &layouts[i].load);

		counts[i] = count.daemon;
		printf("%-20s %10.1f %10.1f\n", layouts[i].name, count.daemon,
		       count.libraries);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	bool update = argc == 3 && !strcmp(argv[1], "--update");
	const char *path = argc > 1 ? argv[argc - 1] : NULL;
	double counts[LAYOUTS];
	struct fake_bus bus;
	const char *reason = fake_bus_open(&bus);
	int status = 0;

	if (reason) {
		printf("skipped: %s\n", reason);
		return 0;
	}
	count_all(&bus, counts);
	fake_bus_close(&bus);
	if (update)
		write_file(path, counts);
	else if (path)
		status = compare(path, counts);
	return status;
}
