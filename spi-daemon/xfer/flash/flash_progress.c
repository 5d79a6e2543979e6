/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/flash/flash_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define BAR_WIDTH 40
#define KIB	  1024

void flash_progress_begin(struct flash_progress *progress, const char *what,
			  uint64_t total)
{
	*progress = (struct flash_progress){
		.what = what,
		.total = total,
		.shown = UINT64_MAX,
		.terminal = isatty(STDERR_FILENO),
	};
	flash_progress_show(progress, 0);
}

void flash_progress_show(struct flash_progress *progress, uint64_t done)
{
	uint64_t percent = progress->total ? done * 100 / progress->total : 100;
	char bar[BAR_WIDTH + 1];

	if (!progress->terminal || percent == progress->shown)
		return;
	progress->shown = percent;
	for (unsigned int i = 0; i < BAR_WIDTH; i++)
		bar[i] = i * 100 < percent * BAR_WIDTH ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr,
		"\r%-9s [%s] %3" PRIu64 " %%  %" PRIu64 " of %" PRIu64 " KiB",
		progress->what, bar, percent, done / KIB,
		progress->total / KIB);
	fflush(stderr);
}

void flash_progress_end(struct flash_progress *progress)
{
	if (progress->terminal)
		fputc('\n', stderr);
}
