/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The operator's description of one device: PATH[,key=value...]. */
#ifndef DEVICE_SPEC_H
#define DEVICE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/framing/table/cs_table.h"

enum device_kind {
	DEVICE_SPIDEV,	     /* a path: /dev/spidevX.Y */
	DEVICE_SIM_LOOPBACK, /* sim:loopback */
	DEVICE_SIM_NOR,	     /* sim:nor */
	DEVICE_SIM_EEPROM,   /* sim:eeprom */
	DEVICE_SIM_NAND,     /* sim:nand */
	DEVICE_SIM_REGS,     /* sim:regs */
	DEVICE_SIM_SOCKET,   /* sim:socket=PATH */
};

/* cs=: the framing of requests into SPI messages; see chip_select.h. */
enum cs_framing {
	CS_LINUX,    /* an rx-only request joins the tx-only one before it */
	CS_TABLE,    /* by the first byte of a message: the chip's command */
	CS_SPEC,     /* by cs_change, exactly as in 5.21.6.1 */
	CS_TRANSFER, /* by cs_change, with the meaning of spidev */
	CS_AUTO,     /* one of these: auto_framing.h tells which, and when */
};

struct device_spec {
	enum device_kind kind;
	char *path;		     /* the part before the first comma */
	enum cs_framing framing;     /* cs= */
	struct cs_table *table;	     /* of CS_TABLE and CS_AUTO; or NULL */
	struct cs_table *nand_table; /* of CS_AUTO, which has three; or NULL */
	struct cs_table *at45_table; /* likewise */
	char *table_name;	     /* what it is built in as, or NULL */
	char *table_file;	     /* of cs=table:FILE, or NULL */
	uint32_t cs_hold_ms;	     /* cs-hold= */
	uint32_t max_speed_hz;	     /* max-speed=; 0: the device's own */
	enum cs_high cs_high;	     /* cs-high= */
	uint32_t max_request;	     /* max-request=, bytes */
	bool late_again;	     /* cs-late=again, not error */
	uint32_t max_message_ms;     /* max-message= */
	uint32_t op_max_ms;	     /* op-max= */
	bool exclusive;		     /* exclusive=: for one guest only */
	bool host_shared;	     /* host-shared=: this host uses it, too */
	struct sim_chip_config chip; /* size=, file=, ... */
	char *chip_file;	     /* owns chip.file */
	/* timeout=; ->path is in that of the device */
	struct sim_socket_config socket;
	char *sim_bus;		/* bus=; NULL: a bus of its own */
	enum sim_timing timing; /* timing= */
	char *trace;		/* trace=; NULL: none */
};

#define DEVICE_CS_HOLD_MS_DEFAULT     10
#define DEVICE_CS_HOLD_MS_MAX	      10000
#define DEVICE_MAX_MESSAGE_MS_DEFAULT 1000
#define DEVICE_MAX_MESSAGE_MS_MAX     600000
/* Longer than any flash takes to erase itself. */
#define DEVICE_OP_MAX_MS_DEFAULT   2000000
#define DEVICE_OP_MAX_MS_MAX	   86400000
#define DEVICE_MAX_SPEED_HZ_MIN	   1000
#define DEVICE_MAX_SPEED_HZ_MAX	   4000000000u
#define DEVICE_TIMEOUT_MS_DEFAULT  1000
#define DEVICE_TIMEOUT_MS_MAX	   5000
#define DEVICE_SIM_BUS_MAX	   32 /* characters of a name */
#define DEVICE_MAX_REQUEST_MIN	   4096
#define DEVICE_MAX_REQUEST_DEFAULT (16u << 20)
#define DEVICE_MAX_REQUEST_MAX	   (1u << 30)

/*
 * Parses @text. Sizes and speeds may have a suffix k, M or G: a power of 1024
 * for sizes (size=, max-request=), of 1000 for speeds (max-speed=). A comma
 * always ends a path or a value; it cannot be quoted.
 * Returns 0 and fills @spec, which device_spec_free() frees. Returns -EINVAL or
 * -ENOMEM with one line (no newline) in @error that names the key and the
 * value;
 * @spec then owns nothing.
 */
int device_spec_parse(const char *text, struct device_spec *spec, char *error,
		      size_t error_size);

/*
 * Writes to @key, of @size bytes, a string that is equal for two descriptions
 * of the same chip, also if they name it by different paths: the number of a
 * host device, the file of a simulated memory, the socket of a program. Another
 * simulated chip is identified by its place: chip select @index in the list of
 * @owner.
 */
void device_spec_key(const struct device_spec *spec, const char *owner,
		     unsigned int index, char *key, size_t size);

/*
 * Returns NULL if two guests that describe one chip as @a and @b can share it.
 * Otherwise returns the reason, as the end of a sentence: "the chip ...".
 */
const char *device_spec_conflict(const struct device_spec *a,
				 const struct device_spec *b);

/* Frees what @spec owns. */
void device_spec_free(struct device_spec *spec);

#endif
