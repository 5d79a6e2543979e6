/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A chip that takes whole bytes, on the simulated bus: turns pieces into edges
 * of chip select and bytes. A word of several bytes is clocked highest byte
 * first; with LSB_FIRST its bits are turned round. Words of other sizes fail
 * with -EINVAL.
 *
 * In a mode that it does not understand, or with an active-high chip select,
 * the chip ignores the command, and the host reads FFh. With LOOP it ignores
 * the command, too, and the host reads what it sends.
 */
#ifndef BYTE_CHIP_H
#define BYTE_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/sim/sim_bus.h"
#include "spi-daemon/device/spi_device.h"

/* Bit n: the chip understands SPI mode n. */
#define BYTE_CHIP_MODES_0_3 (1u << 0 | 1u << 3)
#define BYTE_CHIP_MODES_ALL 0xfu

struct byte_chip;

/* What a chip supplies. NULL: it has nothing to do. */
struct byte_chip_ops {
	/* @bytes bytes will be clocked now. */
	void (*announce)(struct byte_chip *bytes, uint32_t count);

	/*
	 * Clocks a byte in and returns the one that comes out. The first one
	 * after open or deselect follows a select edge. Not NULL.
	 */
	uint8_t (*clock)(struct byte_chip *bytes, uint8_t in);

	/* Drops the command, and ignores all bytes until deselect. Not NULL. */
	void (*drop)(struct byte_chip *bytes);

	/* Also for a chip that is not selected. Not NULL. */
	void (*deselect)(struct byte_chip *bytes);

	/*
	 * Returns the error, a negative errno, that a command met since the
	 * last call, or 0.
	 */
	int (*error)(struct byte_chip *bytes);

	/* Frees what the chip has, but not @bytes itself. Not NULL. */
	void (*close)(struct byte_chip *bytes);
};

/* Embedded as first member by each chip, which spi_device_close() frees. */
struct byte_chip {
	struct spi_device dev;
	const struct byte_chip_ops *ops;
	enum sim_timing timing;
	unsigned int modes; /* BYTE_CHIP_MODES_... */
	const char *file;   /* that ops->error() is about; or NULL */
	bool selected;
	int error;	       /* that the next transfer returns; or 0 */
	char failed_step[192]; /* what dev.failed_step points to */
};

/*
 * Fills @bytes. ->file may be set later; it stays the caller's, as ->modes
 * may be changed.
 */
void byte_chip_init(struct byte_chip *bytes, const struct byte_chip_ops *ops,
		    enum sim_timing timing);

#endif
