/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/flash/flash_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/xfer/flash/flash_progress.h"
#include "spi-daemon/xfer/link/xfer_report.h"

#define ERASED 0xff

int flash_read(struct flash_chip *chip, uint64_t addr, uint8_t *bytes,
	       uint64_t len)
{
	int code = XFER_EXIT_DONE;

	while (!code && len > 0) {
		uint32_t n = len < chip->chunk ? len : chip->chunk;

		code = flash_chip_read(chip, addr, bytes, n);
		addr += n;
		bytes += n;
		len -= n;
	}
	return code;
}

int flash_erase(struct flash_chip *chip, uint64_t addr, uint64_t len)
{
	struct flash_progress progress;
	int code = XFER_EXIT_DONE;
	uint64_t done = 0;

	flash_progress_begin(&progress, "erasing", len);
	while (!code && done < len) {
		const struct flash_erase *erase = flash_geometry_erase(
			&chip->geometry, addr + done, len - done);

		code = flash_chip_erase(chip, addr + done, erase);
		done += erase->size;
		flash_progress_show(&progress, done);
	}
	flash_progress_end(&progress);
	return code;
}

/* Programming only clears bits. */
static bool needs_erase(const uint8_t *old, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (bytes[i] & ~old[i])
			return true;
	return false;
}

/* Programs the pages of a block, all of it, that are not @bytes yet. */
static int program(struct flash_chip *chip, uint64_t addr, const uint8_t *old,
		   const uint8_t *bytes, uint32_t len)
{
	uint32_t page = chip->geometry.page_size;
	int code = XFER_EXIT_DONE;

	for (uint32_t i = 0; !code && i < len; i += page) {
		uint32_t n = len - i < page ? len - i : page;

		if (memcmp(old + i, bytes + i, n) != 0)
			code = flash_chip_program(chip, addr + i, bytes + i, n);
	}
	return code;
}

/* Makes an erase block @bytes. @old has room for it. */
static int write_block(struct flash_chip *chip, uint64_t addr,
		       const uint8_t *bytes, const struct flash_erase *erase,
		       uint8_t *old)
{
	int code = flash_read(chip, addr, old, erase->size);

	if (!code && needs_erase(old, bytes, erase->size)) {
		code = flash_chip_erase(chip, addr, erase);
		memset(old, ERASED, erase->size);
	}
	return code ? code : program(chip, addr, old, bytes, erase->size);
}

/* Makes whole blocks @bytes. */
static int write_blocks(struct flash_chip *chip, uint64_t addr,
			const uint8_t *bytes, uint64_t len)
{
	const struct flash_geometry *geometry = &chip->geometry;
	struct flash_progress progress;
	int code = XFER_EXIT_DONE;
	uint64_t done = 0;
	uint8_t *old =
		calloc(1, geometry->erase[geometry->erase_count - 1].size);

	if (!old)
		return xfer_report_error("the block", -ENOMEM);
	flash_progress_begin(&progress, "writing", len);
	while (!code && done < len) {
		const struct flash_erase *erase =
			flash_geometry_erase(geometry, addr + done, len - done);

		code = write_block(chip, addr + done, bytes + done, erase, old);
		done += erase->size;
		flash_progress_show(&progress, done);
	}
	flash_progress_end(&progress);
	free(old);
	return code;
}

int flash_write(struct flash_chip *chip, uint64_t addr, const uint8_t *bytes,
		uint64_t len)
{
	uint64_t block = chip->geometry.erase[0].size;
	uint64_t begin = addr & -block;
	uint64_t end = (addr + len + block - 1) & -block;
	uint8_t *all = malloc(end - begin);
	int code;

	if (!all)
		return xfer_report_error("the contents", -ENOMEM);
	/* What is kept of the first block and of the last one */
	code = flash_read(chip, begin, all, addr - begin);
	if (!code)
		code = flash_read(chip, addr + len, all + (addr + len - begin),
				  end - addr - len);
	memcpy(all + (addr - begin), bytes, len);
	if (!code)
		code = write_blocks(chip, begin, all, end - begin);
	free(all);
	return code;
}
