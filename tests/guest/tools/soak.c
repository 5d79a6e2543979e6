// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Traffic that goes on when an operation fails, and counts. The report is a
 * file with one line of three numbers: operations that were done, operations
 * that failed, operations that gave wrong bytes.
 */
#include "tests/guest/tools/tools.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK	  4096
#define MAX_LINES 10 /* about what failed; one or two a failure */

struct soak {
	int report;
	unsigned long done, failed, wrong;
	unsigned int lines;
	uint32_t random;
};

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void soak_save(const struct soak *s)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%10lu %10lu %10lu\n", s->done,
			   s->failed, s->wrong);

	if (pwrite(s->report, line, len, 0) != len)
		die("report");
}

static void soak_begin(struct soak *s, const char *report)
{
	memset(s, 0, sizeof(*s));
	s->random = 1;
	/* It is read at any time, so it is never empty. */
	s->report = open(report, O_RDWR | O_CREAT, 0600);
	if (s->report < 0)
		die(report);
	signal(SIGTERM, end);
	soak_save(s);
}

static uint32_t soak_random(struct soak *s, uint32_t limit)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 17;
	s->random ^= s->random << 5;
	return s->random % limit;
}

/* @err is the operation's; what it read is compared unless it failed. */
static void soak_count(struct soak *s, int err, const char *what,
		       const uint8_t *want, const uint8_t *have, size_t len)
{
	if (err) {
		s->failed++;
		if (s->lines++ < MAX_LINES)
			fprintf(stderr, "%s: %s\n", what, strerror(-err));
	} else if (memcmp(want, have, len)) {
		s->wrong++;
		if (s->lines++ < MAX_LINES) {
			fprintf(stderr, "%s after %lu:\n", what, s->done);
			compare(want, have, len);
		}
	} else {
		s->done++;
	}
	soak_save(s);
}

static int soak_end(const struct soak *s)
{
	return s->failed || s->wrong;
}

/* Reads blocks, at any address, of what "mtd" has written. */
int run_soakread(const struct options *o, char **args)
{
	uint32_t off = number(args[1]);
	size_t len = number(args[2]);
	uint8_t *want = allocate(len);
	uint8_t have[BLOCK];
	int fd = mtd_open(o);
	struct soak s;

	fill(want, len, number(args[3]));
	soak_begin(&s, args[0]);
	while (!ended) {
		uint32_t at = soak_random(&s, len - BLOCK + 1);
		int err = mtd_read(fd, have, BLOCK, off + at);

		soak_count(&s, err, "read", want + at, have, BLOCK);
	}
	return soak_end(&s);
}

static void read_block(struct soak *s, int fd, uint32_t off, uint32_t seed)
{
	uint8_t want[BLOCK];
	uint8_t have[BLOCK];
	int err = mtd_read(fd, have, BLOCK, off);

	fill(want, BLOCK, seed);
	soak_count(s, err, "read back", want, have, BLOCK);
}

static void write_block(struct soak *s, int fd, uint32_t off, uint32_t seed)
{
	uint8_t data[BLOCK];
	int err = mtd_erase(fd, off, BLOCK);

	fill(data, BLOCK, seed);
	if (!err)
		err = mtd_write(fd, data, BLOCK, off);
	if (err)
		soak_count(s, err, "write", NULL, NULL, 0);
	else
		read_block(s, fd, off, seed);
}

/*
 * Writes one block after the other and reads each back; begins again at the
 * end. After COUNT blocks, unless it is 0, all are read again.
 */
int run_soakwrite(const struct options *o, char **args)
{
	uint32_t off = number(args[1]);
	uint32_t blocks = number(args[2]) / BLOCK;
	unsigned long count = number(args[3]);
	unsigned long i;
	int fd = mtd_open(o);
	struct soak s;

	soak_begin(&s, args[0]);
	for (i = 0; !ended && (!count || i < count); i++)
		write_block(&s, fd, off + i % blocks * BLOCK, off + i);
	for (unsigned long j = i > blocks ? i - blocks : 0; j < i; j++)
		read_block(&s, fd, off + j % blocks * BLOCK, off + j);
	return soak_end(&s);
}

/* Full-duplex messages of up to LEN bytes. */
int run_soakecho(const struct options *o, char **args)
{
	size_t max = length(args[1]);
	uint8_t *tx = allocate(max);
	uint8_t *rx = allocate(max);
	int fd = spi_open(o);
	struct soak s;

	soak_begin(&s, args[0]);
	for (uint32_t i = 0; !ended; i++) {
		size_t len = 1 + soak_random(&s, max);
		int err;

		fill(tx, len, i);
		memset(rx, 0, len);
		err = spi_duplex(fd, o, tx, rx, len);
		soak_count(&s, err, "echo", tx, rx, len);
	}
	return soak_end(&s);
}

/* Writes BYTES and reads what a register has: ANSWER. */
int run_soakregs(const struct options *o, char **args)
{
	size_t tx_len, len;
	uint8_t *tx = bytes(args[1], &tx_len);
	uint8_t *want = bytes(args[2], &len);
	uint8_t *have = allocate(len);
	int fd = spi_open(o);
	struct soak s;

	soak_begin(&s, args[0]);
	while (!ended) {
		int err;

		memset(have, 0, len);
		err = spi_write_read(fd, o, tx, tx_len, have, len);
		soak_count(&s, err, "register", want, have, len);
	}
	return soak_end(&s);
}
