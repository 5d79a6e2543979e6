/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What simulated memory chips have in common: bytes become a command, which
 * runs at the deselect edge. An opcode is followed by an address, dummy bytes
 * and data. A chip supplies the table of its commands.
 *
 * - The chip ignores a command that it does not know, that comes while it is
 *   busy, that ends in its address or its dummy bytes, or that has too little
 * or too much data; one that needs the write enable latch (WEL), too, if that
 * is clear. WEL then stays as it was.
 * - An operation is a command that takes time. It is run to its end even if the
 *   process ends: the next one that opens the chip with the same memory runs it
 *   again, which changes nothing if it was complete.
 * - In memory that outlives the process (sim.h) are the chip's state and, of a
 *   chip without a file, the contents. A state that no chip can have is
 *   replaced by that of an unused chip. What was clocked in since the select
 *   edge is lost.
 */
#ifndef MEMORY_CHIP_H
#define MEMORY_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/store/chip_reader.h"
#include "spi-daemon/device/store/chip_state.h"
#include "spi-daemon/device/store/chip_store.h"

/* What the host reads while a chip does not drive its output */
#define MEMORY_FLOATING 0xff

#define MEMORY_PAGE_MAX 256 /* bytes */
#define MEMORY_NO_LIMIT UINT64_MAX

struct memory_chip;

/* A command. A function that is NULL has nothing to do. */
struct memory_op {
	uint8_t opcode;
	uint8_t addr;  /* address bytes, unless the kind's begin() says more */
	uint8_t dummy; /* bytes between address and data */
	bool while_busy; /* allowed while the chip is busy */
	bool needs_wel;
	uint32_t busy_us;  /* of an operation; 0: it is none */
	uint32_t area;	   /* bytes that it may change, for the kind's use */
	uint64_t data_min; /* bytes that run() takes */
	uint64_t data_max;
	/* Prepares for data, when the address has come. */
	void (*start)(struct memory_chip *chip);
	/* Returns the next byte of data. */
	uint8_t (*out)(struct memory_chip *chip);
	/* Takes the next byte of data. */
	void (*in)(struct memory_chip *chip, uint8_t byte);
	/* Runs the command, at the deselect edge. May set ->error. */
	void (*run)(struct memory_chip *chip);
};

/* A kind of chip. A function that is NULL has nothing to do. */
struct memory_kind {
	uint64_t stamp;	   /* of its state: see chip_state.h */
	size_t state_size; /* of its state, which begins with struct chip_state
			    */
	size_t page_at;	   /* where the state keeps ->page; 0: nowhere */
	const struct memory_op *ops;
	size_t op_count;

	/*
	 * The first byte @opcode has come, which is @op's or, if that is NULL,
	 * unknown. Sets ->addr_left and ->addr where they differ from @op->addr
	 * and 0. Returns the command, or NULL.
	 */
	const struct memory_op *(*begin)(struct memory_chip *chip,
					 uint8_t opcode,
					 const struct memory_op *op);
	/* Returns true if the operation in hand must not be run. */
	bool (*is_locked)(struct memory_chip *chip);
	/* Returns true if the registers in the state can be a chip's. */
	bool (*is_valid)(const struct memory_chip *chip);
	/* Makes a state of zeros that of an unused chip. */
	void (*power_on)(struct memory_chip *chip);
};

/* Embedded as first member by each chip. */
struct memory_chip {
	struct byte_chip bytes;
	const struct memory_kind *kind;
	struct chip_store store;
	struct chip_reader reader; /* of ->store */
	struct chip_state *state;  /* at ->store.kept, or the chip's own */
	bool takes_time;	   /* an operation does */

	/* The command since the select edge */
	bool begun;		    /* the opcode has come */
	const struct memory_op *op; /* NULL: ignore the rest */
	uint8_t addr_left;	    /* bytes to come */
	uint8_t dummy_left;
	uint32_t addr;
	uint64_t data;		       /* bytes of data so far */
	uint8_t page[MEMORY_PAGE_MAX]; /* FFh, and what memory_take() stored */
	uint32_t page_size;	       /* bytes, a power of two */

	int error; /* negative errno of a command that the store refused; or 0
		    */
};

/*
 * Opens @chip, which the caller owns and has cleared but for ->takes_time,
 * ->page_size and what is its kind's. It has @size bytes of contents. Its state
 * is in @config->memory, or in @own_state if there is none.
 * Returns 0; -ENOMEM; or what chip_store_open() gives. Then the memory is the
 * caller's.
 */
int memory_chip_open(struct memory_chip *chip, const struct memory_kind *kind,
		     size_t size, const struct sim_chip_config *config,
		     struct chip_state *own_state);

/* What struct byte_chip_ops says of each; @bytes is a memory chip's. */
void memory_chip_announce(struct byte_chip *bytes, uint32_t count);
uint8_t memory_chip_clock(struct byte_chip *bytes, uint8_t in);
void memory_chip_drop(struct byte_chip *bytes);
void memory_chip_deselect(struct byte_chip *bytes);
int memory_chip_error(struct byte_chip *bytes);
void memory_chip_close(struct byte_chip *bytes);

/* The following are for the tables of commands. */

/* Returns the command of @opcode, or NULL. */
const struct memory_op *memory_op_find(const struct memory_kind *kind,
				       uint8_t opcode);

/* Returns the byte of the contents that is next; FFh, with ->error, if none. */
uint8_t memory_out_contents(struct memory_chip *chip);

/* Stores the byte in ->page, which wraps: the last bytes count. */
void memory_take(struct memory_chip *chip, uint8_t byte);

void memory_write_enable(struct memory_chip *chip);
void memory_write_disable(struct memory_chip *chip);

#endif
