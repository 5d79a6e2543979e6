/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The SPI controller that one guest sees: its chips, and what the config
 * space (5.21.4) says of them.
 */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/config/guest/guest_spec.h"
#include "spi-daemon/bus/pool.h"
#include "spi-daemon/bus/stats.h"
#include "virtio/spi/spi_config.h"

/* What a guest has shown of itself, or of a chip, with cs=auto. */
enum auto_framing {
	AUTO_NOTHING,  /* frames as linux */
	AUTO_NOR,      /* the chip is a NOR flash */
	AUTO_SPEC,     /* its driver sends the end of a message */
	AUTO_WAS_SPEC, /* the driver before did: frames as linux */
	AUTO_NAND,     /* the chip is a NAND flash */
	AUTO_TPM,      /* it is a TPM: frames as transfer */
	AUTO_AT45,     /* it is a DataFlash */
	AUTO_LAST = AUTO_AT45,
};

/* What its driver has sent so far, to a chip with cs=auto. */
enum auto_trial {
	TRIAL_NOTHING,
	TRIAL_ENDS,    /* requests with cs_change=1 only */
	TRIAL_FIRST,   /* one, which only sends, with 0 */
	TRIAL_DUPLEX,  /* one, which sends and receives, with 0 */
	TRIAL_LATER,   /* those that only send, with 0, behind ones with 1 */
	TRIAL_RESET,   /* as TRIAL_FIRST: the byte FFh */
	TRIAL_FEATURE, /* behind it the byte 0Fh, */
	TRIAL_STATUS,  /* and the byte C0h */
	TRIAL_ID,      /* whatever was before: 9Fh, and an id received */
	TRIAL_OVER,    /* other requests: they show nothing */
};

/* A chip as this guest may use it. */
struct chip {
	const struct device_spec *spec;
	struct handle *handle;
	struct spi_caps caps;  /* the device's, within the guest's limits */
	bool is_flash;	       /* served as with cs=linux, it told its id */
	struct counter *shown; /* enum auto_framing; cs=auto only, else NULL */
	enum auto_trial trial; /* of the present driver */
	bool is_quick; /* its last transfer that its clock made long was not */
	struct own_operation own; /* the guest's, on this chip */
	struct counter hold_ns; /* that the guest's messages for it had a bus */
};

struct controller {
	struct pool *pool;
	uint32_t number;    /* no other of the pool has had it */
	struct chip *chips; /* index: the guest's chip select */
	unsigned int chip_count;
	struct spi_config config; /* what every chip can do */
	uint32_t max_piece;	  /* bytes: the largest of all chips */
	struct counter *shown;	  /* of all chips; NULL: none has cs=auto */
	bool shown_is_kept;	  /* it outlives this process */
};

/* The framing that holds for the chip now; never CS_AUTO. */
static inline enum cs_framing chip_framing(const struct chip *chip)
{
	enum cs_framing framing = chip->spec->framing;

	if (framing != CS_AUTO)
		return framing;
	switch ((enum auto_framing)counter_get(chip->shown)) {
	case AUTO_NOR:
	case AUTO_NAND:
	case AUTO_AT45:
		return CS_TABLE;
	case AUTO_SPEC:
		return CS_SPEC;
	case AUTO_TPM:
		return CS_TRANSFER;
	case AUTO_NOTHING:
	case AUTO_WAS_SPEC:
		break;
	}
	return CS_LINUX;
}

/* Its table; NULL: it has none. */
static inline const struct cs_table *chip_table(const struct chip *chip)
{
	if (chip_framing(chip) != CS_TABLE)
		return NULL;
	if (chip->shown && counter_get(chip->shown) == AUTO_NAND)
		return chip->spec->nand_table;
	if (chip->shown && counter_get(chip->shown) == AUTO_AT45)
		return chip->spec->at45_table;
	return chip->spec->table;
}

/*
 * The framing of a chip with cs=auto as a value of cs=. Any thread may ask.
 */
const char *chip_shown_name(const struct chip *chip);

/*
 * Are the devices of @guest there, as far as can be told without opening
 * them? Returns 0; or a negative errno, with one line (no newline) in @error.
 */
int controller_check(const struct guest_spec *guest, char *error,
		     size_t error_size);

/* The same of the files of its simulated chips: see pool_check_file(). */
int controller_check_files(const struct guest_spec *guest, char *error,
			   size_t error_size);

/*
 * Gets all @devices from @pool; both must outlive the controller.
 * Returns 0; or a negative errno, with one line (no newline) in @error.
 */
int controller_open(struct controller *controller, struct pool *pool,
		    struct device_list *devices, char *error,
		    size_t error_size);

/*
 * What the guest, called @name, shows from now on of chips with cs=auto
 * outlives this process, if the pool has memory that does; and what it showed
 * an earlier process holds. Returns 0; or a negative errno: then it does not.
 */
int controller_keep_shown(struct controller *controller, const char *name);

/*
 * A driver begins; @new_guest: it is the first of a guest. What was shown of
 * its chips holds, unless the guest is new; what was shown of the driver does
 * not, until it is shown again.
 */
void controller_begin_driver(struct controller *controller, bool new_guest);

/* A driver goes on, of whose beginning nothing is known. */
void controller_resume_driver(struct controller *controller);

/*
 * Takes over what the devices have found out since they were opened: see
 * spi_device_ops.has_setup. Returns whether ->config changed.
 */
bool controller_refresh(struct controller *controller);

/* Gives the devices back. The guest is served no more. */
void controller_close(struct controller *controller);

#endif
