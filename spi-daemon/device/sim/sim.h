/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Simulated chips: each "sim:..." that is a device */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/device/sim/sim_bus.h"

#define SIM_ID_MAX	    6
#define SIM_EEPROM_SIZE_MIN 128u /* bytes */
#define SIM_EEPROM_SIZE_MAX (256u * 1024)
#define SIM_EEPROM_PAGE_MAX 256
#define SIM_NAND_SIZE_MAX   (128u << 20) /* bytes, without spare areas */
#define SIM_NAND_BAD_MAX    20

/* What a simulated chip is; each kind reads what is meant for it. */
struct sim_chip_config {
	uint64_t size;		/* bytes: a power of two within the kind's */
	uint32_t page;		/* EEPROM: bytes, a power of two */
	const char *file;	/* image to keep the contents in, or NULL;
				   registers: their map */
	uint8_t id[SIM_ID_MAX]; /* NOR, NAND: what 9Fh answers */
	size_t id_len;		/* 3..6; 0: a default that fits @size */
	uint16_t bad[SIM_NAND_BAD_MAX]; /* NAND: blocks that are bad */
	size_t bad_count;
	bool unlocked; /* NAND: no block is locked at first */
	/*
	 * sim_..._memory_size() bytes that outlive the process, mapped shared:
	 * zeros at first, then what the last chip with the same configuration
	 * has left there, whose state this one takes over. NULL: none
	 */
	void *memory;
};

#define SIM_SOCKET_PATH_MAX 107 /* bytes: see unix(7) */

struct sim_socket_config {
	const char *path; /* where the program listens */
	uint32_t timeout_ms;
};

/*
 * A chip that returns the bytes that it is sent; zeros for a piece without tx.
 * Stores the new device, which spi_device_close() frees, in @out.
 * Returns 0 or -ENOMEM.
 */
int sim_loopback_open(enum sim_timing timing, struct spi_device **out);

/*
 * Memory chips. With a file, the contents are the file's: a file that does not
 * exist is made, erased (FFh); one of another size is refused. What was written
 * is in the file when the operation's busy time begins. A transfer that the
 * file refuses fails with an errno of chip_image.h. A write that fails at
 * release() fails the transfer after it as well.
 * sim_..._memory_size() returns the size of ->memory, bytes. The device owns
 * that memory, which it unmaps.
 * sim_..._open() stores the new device, which spi_device_close() frees, in
 * @out. It returns 0; -EINVAL for what no such chip has; -EFBIG when the file
 * has not the size of the contents; -EBUSY when somebody else uses the file; or
 * what open(2), posix_fallocate(3) and mmap(2) give. Then the memory is the
 * caller's.
 */

/* A JEDEC SPI NOR flash: ->size is 64 KiB..256 MiB. See nor_chip.h. */
size_t sim_nor_memory_size(const struct sim_chip_config *config);
int sim_nor_open(const struct sim_chip_config *config, enum sim_timing timing,
		 struct spi_device **out);

/* An EEPROM of the 25 series, SIM_EEPROM_...: see eeprom_chip.h. */
size_t sim_eeprom_memory_size(const struct sim_chip_config *config);
int sim_eeprom_open(const struct sim_chip_config *config,
		    enum sim_timing timing, struct spi_device **out);

/*
 * A SPI NAND flash: ->size is that of its data, 64 MiB or 128 MiB, or less down
 * to 1 MiB, which no driver knows. Its file has the spare areas, too: in all
 * sim_nand_file_size() bytes. See nand_chip.h.
 */
size_t sim_nand_memory_size(const struct sim_chip_config *config);
size_t sim_nand_file_size(const struct sim_chip_config *config);
int sim_nand_open(const struct sim_chip_config *config, enum sim_timing timing,
		  struct spi_device **out);

/*
 * A chip of registers, which ->file describes: docs/register-maps.md. It keeps
 * their values in ->memory. Opens as a memory chip does; but the file is read
 * only, and an error is told in @error, as regs_map_load() does.
 */
size_t sim_regs_memory_size(const struct sim_chip_config *config);
int sim_regs_open(const struct sim_chip_config *config, enum sim_timing timing,
		  struct spi_device **out, char *error, size_t error_size);

/*
 * A chip that is a program, which listens on a Unix socket: see
 * docs/chip-protocol.md. It need not be there yet, and may come and go. While
 * it is away a transfer fails with what connect(2) gives; with -ETIMEDOUT if
 * the program does not answer within the timeout; -EREMOTEIO if it refuses
 * the transfer; -ECONNRESET or -EPIPE if it goes in the middle of a message;
 * -EPROTO or -EPROTONOSUPPORT for an answer that is not of the protocol.
 * Stores the new device, which spi_device_close() frees, in @out.
 * Returns 0; -ENAMETOOLONG for a path that no socket can have; or -ENOMEM.
 */
int sim_socket_open(const struct sim_socket_config *config,
		    enum sim_timing timing, struct spi_device **out);

#endif
