/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/flash/flash_task.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/xfer/flash/flash_chip.h"
#include "spi-daemon/xfer/flash/flash_progress.h"
#include "spi-daemon/xfer/flash/flash_write.h"
#include "spi-daemon/xfer/link/xfer_report.h"
#include "spi-daemon/xfer/options/xfer_parse.h"

#define STEP	       65536 /* bytes between two looks at the progress */
#define MAX_FILE       (1u << 30)
#define STATUS_PROTECT 0x7c /* block protection, of most chips */

/* The part of the chip that a task is about */
struct range {
	uint64_t addr, len;
};

static int print_id(struct flash_chip *chip)
{
	const struct flash_geometry *geometry = &chip->geometry;
	uint8_t status;
	int code = flash_chip_status(chip, &status);

	if (code)
		return code;
	printf("id:      %02x %02x %02x\n", chip->id[0], chip->id[1],
	       chip->id[2]);
	printf("size:    %" PRIu64 " bytes\n", geometry->size);
	printf("page:    %" PRIu32 " bytes\n", geometry->page_size);
	fputs("erase:  ", stdout);
	for (unsigned int i = 0; i < geometry->erase_count; i++)
		printf(" %" PRIu32 " (%02x)", geometry->erase[i].size,
		       geometry->erase[i].opcode);
	printf("\naddress: %u bytes\n", geometry->addr_len);
	if (geometry->sfdp)
		printf("SFDP:    %u.%u\n", geometry->major, geometry->minor);
	else
		puts("SFDP:    none; size and erase are guessed by the id");
	printf("status:  %02x\n", status);
	return XFER_EXIT_DONE;
}

/* Reads a range into @out. */
static int read_to(struct flash_chip *chip, struct range range, FILE *out)
{
	static uint8_t bytes[STEP];
	struct flash_progress progress;
	int code = XFER_EXIT_DONE;
	uint64_t done = 0;

	flash_progress_begin(&progress, "reading", range.len);
	while (!code && done < range.len) {
		uint64_t n = range.len - done < STEP ? range.len - done : STEP;

		code = flash_read(chip, range.addr + done, bytes, n);
		if (!code && fwrite(bytes, 1, n, out) != n)
			break;
		done += n;
		flash_progress_show(&progress, done);
	}
	flash_progress_end(&progress);
	return code;
}

static int read_to_file(struct flash_chip *chip, struct range range,
			const char *path)
{
	bool standard = !strcmp(path, "-");
	FILE *out = standard ? stdout : fopen(path, "we");
	int code;

	if (!out) {
		xfer_report("%s: %s", path, strerror(errno));
		return XFER_EXIT_USAGE;
	}
	code = read_to(chip, range, out);
	if (!code && (fflush(out) || ferror(out))) {
		xfer_report("%s: %s", path, strerror(errno));
		code = XFER_EXIT_USAGE;
	}
	if (!standard)
		fclose(out);
	return code;
}

static int report_difference(uint64_t addr, const uint8_t *expected,
			     const uint8_t *got)
{
	uint64_t i = 0;

	while (expected[i] == got[i])
		i++;
	xfer_report("at 0x%06" PRIx64 " the chip has %02x, and not %02x",
		    addr + i, got[i], expected[i]);
	return XFER_EXIT_MISMATCH;
}

static int verify(struct flash_chip *chip, struct range range,
		  const uint8_t *bytes)
{
	static uint8_t got[STEP];
	struct flash_progress progress;
	int code = XFER_EXIT_DONE;
	uint64_t done = 0, n = 0;

	flash_progress_begin(&progress, "verifying", range.len);
	while (done < range.len) {
		n = range.len - done < STEP ? range.len - done : STEP;
		code = flash_read(chip, range.addr + done, got, n);
		if (code || memcmp(got, bytes + done, n) != 0)
			break;
		done += n;
		flash_progress_show(&progress, done);
	}
	flash_progress_end(&progress);
	if (code || done == range.len)
		return code;
	return report_difference(range.addr + done, bytes + done, got);
}

static int write_and_verify(struct flash_chip *chip, struct range range,
			    const uint8_t *bytes)
{
	uint8_t status;
	int code = flash_write(chip, range.addr, bytes, range.len);

	if (!code)
		code = verify(chip, range, bytes);
	if (code == XFER_EXIT_MISMATCH && !flash_chip_status(chip, &status) &&
	    status & STATUS_PROTECT)
		xfer_report("its status is %02x: blocks may be protected",
			    status);
	return code;
}

static int erase_range(struct flash_chip *chip, struct range range)
{
	uint32_t block = chip->geometry.erase[0].size;

	if (range.addr % block || range.len % block) {
		xfer_report("--offset and --length: the chip erases blocks of "
			    "%" PRIu32 " bytes",
			    block);
		return XFER_EXIT_USAGE;
	}
	return flash_erase(chip, range.addr, range.len);
}

/* Finds the range, of a file of @file_len bytes if @file_len is not 0. */
static int find_range(const struct flash_chip *chip,
		      const struct xfer_options *options, uint64_t file_len,
		      struct range *range)
{
	uint64_t size = chip->geometry.size;

	range->addr = options->offset;
	range->len = options->length;
	if (!range->len)
		range->len = file_len ? file_len : size - options->offset;
	if (file_len && range->len > file_len) {
		xfer_report("%s: has only %" PRIu64 " bytes", options->file,
			    file_len);
		return XFER_EXIT_USAGE;
	}
	if (range->addr >= size || range->len > size - range->addr) {
		xfer_report("--offset and --length: the chip has only %" PRIu64
			    " bytes",
			    size);
		return XFER_EXIT_USAGE;
	}
	return XFER_EXIT_DONE;
}

/* A task that takes the bytes of the file */
static int run_with_bytes(struct flash_chip *chip,
			  const struct xfer_options *options)
{
	uint64_t max = chip->geometry.size;
	struct range range;
	const char *why;
	uint8_t *bytes;
	uint32_t len;
	int code;

	if (xfer_read_file(options->file, max < MAX_FILE ? max : MAX_FILE,
			   &bytes, &len, &why)) {
		xfer_report("%s: %s", options->file, why);
		return XFER_EXIT_USAGE;
	}
	code = find_range(chip, options, len, &range);
	if (!code && options->flash == XFER_FLASH_WRITE)
		code = write_and_verify(chip, range, bytes);
	else if (!code)
		code = verify(chip, range, bytes);
	free(bytes);
	return code;
}

static int run_on_chip(struct flash_chip *chip,
		       const struct xfer_options *options)
{
	struct range range;
	int code;

	if (options->flash == XFER_FLASH_ID)
		return print_id(chip);
	if (options->flash == XFER_FLASH_WRITE ||
	    options->flash == XFER_FLASH_VERIFY)
		return run_with_bytes(chip, options);
	code = find_range(chip, options, 0, &range);
	if (code)
		return code;
	if (options->flash == XFER_FLASH_READ)
		return read_to_file(chip, range, options->file);
	return erase_range(chip, range);
}

int flash_task_run(const struct xfer_options *options)
{
	struct flash_chip chip;
	struct xfer_link link;
	int err = xfer_link_open(&link, &options->link, 2 * options->chunk);
	int code;

	if (err)
		return xfer_report_error(options->link.socket_path, err);
	code = flash_chip_open(&chip, &link, options->chunk);
	if (!code)
		code = run_on_chip(&chip, options);
	xfer_link_close(&link);
	return code;
}
