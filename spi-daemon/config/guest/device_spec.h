/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The operator's description of one device: PATH[,key=value...]. */
#ifndef DEVICE_SPEC_H
#define DEVICE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/device/sim/sim.h"

enum device_kind {
	DEVICE_SPIDEV,	     /* a path: /dev/spidevX.Y */
	DEVICE_SIM_LOOPBACK, /* sim:loopback */
	DEVICE_SIM_NOR,	     /* sim:nor */
};

/* cs=: how the guest's requests become SPI messages; see chip_select.h. */
enum cs_framing {
	CS_LINUX,    /* rx-only joins the tx-only before it */
	CS_NOR,	     /* the opcode tells, for SPI NOR flash */
	CS_NAND,     /* the opcode tells, for SPI NAND flash */
	CS_SPEC,     /* cs_change to the letter of 5.21.6.1 */
	CS_TRANSFER, /* cs_change as spidev takes it */
};

struct device_spec {
	enum device_kind kind;
	char *path;		   /* the part before the first comma */
	enum cs_framing framing;   /* cs= */
	uint32_t cs_hold_ms;	   /* cs-hold= */
	uint32_t max_speed_hz;	   /* max-speed=; 0: the device's own */
	enum cs_high cs_high;	   /* cs-high= */
	uint32_t max_request;	   /* max-request=, bytes */
	uint32_t max_message_ms;   /* max-message= */
	bool exclusive;		   /* exclusive=: for one guest only */
	struct sim_nor_config nor; /* size=, file=, id= */
	char *nor_file;		   /* owns nor.file */
	char *sim_bus;		   /* bus=; NULL: one of its own */
	enum sim_timing timing;	   /* timing= */
};

#define DEVICE_CS_HOLD_MS_DEFAULT     10
#define DEVICE_CS_HOLD_MS_MAX	      10000
#define DEVICE_MAX_MESSAGE_MS_DEFAULT 1000
#define DEVICE_MAX_MESSAGE_MS_MAX     600000
#define DEVICE_MAX_SPEED_HZ_MIN	      1000
#define DEVICE_MAX_SPEED_HZ_MAX	      4000000000u
#define DEVICE_SIM_BUS_MAX	      32 /* characters of a name */
#define DEVICE_MAX_REQUEST_MIN	      4096
#define DEVICE_MAX_REQUEST_DEFAULT    (16u << 20)
#define DEVICE_MAX_REQUEST_MAX	      (1u << 30)

/*
 * Parses @text. Sizes and speeds take the suffixes k, M and G: powers of 1024
 * for sizes (size=, max-request=), of 1000 for speeds (max-speed=). A comma
 * always ends a path or a value: there is no way to quote one.
 * On success fills @spec, to be freed with device_spec_free(), and returns 0.
 * On a mistake writes one line that names the key and the value (no newline)
 * to @error and returns -EINVAL (or -ENOMEM); @spec then holds nothing.
 */
int device_spec_parse(const char *text, struct device_spec *spec, char *error,
		      size_t error_size);

/*
 * Writes to @key, of @size bytes, what two descriptions of one chip have in
 * common, by whatever path they name it: of a host device its number, of a
 * simulated flash its file. Other simulated chips are what their place in a
 * list says: chip select @index of @owner's.
 */
void device_spec_key(const struct device_spec *spec, const char *owner,
		     unsigned int index, char *key, size_t size);

/*
 * Two guests describe one chip, as @a and @b. Returns NULL when both can have
 * it; else why not, a part of a sentence: "the chip ...".
 */
const char *device_spec_conflict(const struct device_spec *a,
				 const struct device_spec *b);

/* Frees what @spec owns. */
void device_spec_free(struct device_spec *spec);

#endif
