/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The parts of guest-spi. Each command returns an exit status. */
#ifndef TESTS_GUEST_TOOLS_H
#define TESTS_GUEST_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_BYTES (1 << 20) /* of a transfer */

struct options {
	const char *device;
	uint32_t mode;
	uint32_t speed; /* Hz, 0: what the device has */
	uint8_t bits;	/* per word, 0: what the device has */
	bool set_mode;
};

/* bytes.c: these end the program on an error. */

__attribute__((noreturn)) void usage(void);
__attribute__((noreturn)) void die(const char *what); /* with errno */
void *allocate(size_t len);

unsigned long number(const char *text);
size_t length(const char *text); /* of a transfer, in bytes */

/* Returns the bytes that @text spells, in new memory; their number in @len. */
uint8_t *bytes(const char *text, size_t *len);

/* Makes the same bytes for the same seed, in every guest. */
void fill(uint8_t *data, size_t len, uint32_t seed);

/* Returns 0 when equal; else prints the first difference and returns 1. */
int compare(const uint8_t *want, const uint8_t *have, size_t len);

/* guest-spi.c */

/* Opens the spidev in the mode that the options ask for. */
int spi_open(const struct options *o);

/* Runs one full-duplex message. Returns 0 or a negative errno. */
int spi_duplex(int fd, const struct options *o, const uint8_t *tx, uint8_t *rx,
	       size_t len);

/* Runs one message: a write, and then a read. The same. */
int spi_write_read(int fd, const struct options *o, const uint8_t *tx,
		   size_t tx_len, uint8_t *rx, size_t rx_len);

/* mtd.c: these return 0 or a negative errno. */

int mtd_open(const struct options *o);
int mtd_erase(int fd, uint32_t off, uint32_t len);
int mtd_read(int fd, uint8_t *data, size_t len, uint32_t off);
int mtd_write(int fd, const uint8_t *data, size_t len, uint32_t off);

int run_mtd(const struct options *o, char **args);
int run_mtdpart(const struct options *o, char **args);
int run_mtdcheck(const struct options *o, char **args);

/* can.c */

int run_can(const struct options *o, char **args);

/* soak.c */

int run_soakread(const struct options *o, char **args);
int run_soakwrite(const struct options *o, char **args);
int run_soakecho(const struct options *o, char **args);
int run_soakregs(const struct options *o, char **args);

#endif
