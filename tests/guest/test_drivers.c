// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * All SPI drivers that the guest's kernel has as modules, one after the other,
 * with a chip that answers nonsense. What the driver meant, which the guest's
 * tracepoints tell, is held against the edges of chip select that the chip saw.
 *
 * DRIVERS_TABLE names a file for the rows of docs/drivers.md. DRIVERS selects
 * drivers, by a pattern of the shell.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/guest/guest.h"
#include "tests/lib/daemon/daemon.h"
#include "tests/lib/fixture/chip_program.h"
#include "tests/lib/skip.h"

#define TRY_S	     60
#define MAX_MESSAGES 4096

/* Lengths of transfers, with a blank before each: one line a message. */
struct messages {
	unsigned int count;
	char text[MAX_MESSAGES][128];
	bool failed[MAX_MESSAGES]; /* in the guest */
};

struct world {
	struct chip_program chip;
	struct daemon daemon;
	struct guest *guest;
	struct guest_config config;
	FILE *table;
	struct messages meant, seen;
};

static struct world world;

static void add_transfer(struct messages *m, unsigned int len)
{
	char *text = m->text[m->count];
	size_t used = strlen(text);

	snprintf(text + used, sizeof(m->text[0]) - used, " %u", len);
}

static void end_message(struct messages *m)
{
	if (!m->text[m->count][0] || m->count == MAX_MESSAGES - 1)
		return;
	m->count++;
	m->text[m->count][0] = '\0';
}

static void empty(struct messages *m)
{
	m->count = 0;
	m->text[0][0] = '\0';
}

/* The messages that the chip saw. */
static void read_chip(struct messages *m)
{
	struct chip_program *p = &world.chip;

	empty(m);
	pthread_mutex_lock(&p->lock);
	for (unsigned int i = 0; i < p->count; i++) {
		if (p->events[i].type == CHIP_SELECT)
			end_message(m);
		if (p->events[i].type == CHIP_TRANSFER)
			add_transfer(m, p->events[i].transfer.len);
	}
	pthread_mutex_unlock(&p->lock);
	end_message(m);
}

/* The messages in the output of try-driver. */
static void read_output(struct messages *m, char *output)
{
	char *save = NULL;

	empty(m);
	for (char *line = strtok_r(output, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		bool failed = !strncmp(line, "failed ", 7);

		if (!failed && strncmp(line, "meant ", 6) != 0)
			continue;
		m->failed[m->count] = failed;
		snprintf(m->text[m->count], sizeof(m->text[0]), "%s",
			 strchr(line, ' '));
		end_message(m);
	}
}

static void boot(void)
{
	world.config.sockets[0] = daemon_socket(&world.daemon, 0);
	world.guest = guest_start(&world.config);
	assert_non_null(world.guest);
}

/* Returns how many messages have several transfers. */
static unsigned int count_several(const struct messages *m)
{
	unsigned int several = 0;

	for (unsigned int i = 0; i < m->count; i++)
		several += strchr(m->text[i] + 1, ' ') != NULL;
	return several;
}

static unsigned int count_failed(const struct messages *m)
{
	unsigned int failed = 0;

	for (unsigned int i = 0; i < m->count; i++)
		failed += m->failed[i];
	return failed;
}

/*
 * Returns true if the chip may have seen message @j instead of message @i that
 * was meant: of one that failed, the beginning.
 */
static bool fits(unsigned int i, unsigned int j)
{
	const char *meant = world.meant.text[i], *seen = world.seen.text[j];

	return world.meant.failed[i] ? !strncmp(meant, seen, strlen(seen))
				     : !strcmp(meant, seen);
}

/*
 * Holds what the driver meant against what the chip saw. Of a message that
 * failed the chip may have seen nothing. Returns true if the rest is equal; or
 * says in @detail what is not.
 */
static bool compare(char *detail, size_t size)
{
	const struct messages *meant = &world.meant, *seen = &world.seen;
	/* may[j]: what was meant so far can be the first j that were seen */
	static bool may[MAX_MESSAGES + 1];
	unsigned int first = 0; /* such j */

	memset(may, 0, sizeof(may));
	may[0] = true;
	for (unsigned int i = 0; i < meant->count; i++) {
		const unsigned int before = first;

		for (unsigned int j = seen->count; j > 0; j--)
			may[j] = (meant->failed[i] && may[j]) ||
				 (may[j - 1] && fits(i, j - 1));
		may[0] = meant->failed[i] && may[0];
		while (first <= seen->count && !may[first])
			first++;
		if (first > seen->count) {
			snprintf(detail, size, "message %u:%s, the chip saw%s",
				 i + 1, meant->text[i], seen->text[before]);
			return false;
		}
	}
	detail[0] = '\0';
	if (!may[seen->count])
		snprintf(detail, size, "the chip saw%s behind the last message",
			 seen->text[first]);
	return may[seen->count];
}

static void report(const char *driver, const char *chip, const char *verdict,
		   const char *detail)
{
	unsigned int several = count_several(&world.meant);
	unsigned int failed = count_failed(&world.meant);

	print_message("%-22s %-16s %4u %4u %4u  %s%s%s\n", driver, chip,
		      world.meant.count, several, failed, verdict,
		      *detail ? ": " : "", detail);
	if (world.table)
		fprintf(world.table, "%s|%s|%u|%u|%u|%s\n", driver, chip,
			world.meant.count, several, failed, verdict);
}

/* Returns true if the driver's messages were framed as it meant them. */
static bool try(const char *driver, const char *chip)
{
	static char output[1 << 16];
	char detail[256] = "", fault[256];
	bool right;
	int status;

	chip_program_forget(&world.chip);
	status = guest_run(world.guest, output, sizeof(output), TRY_S,
			   "try-driver %s %s:1000000 2>&1", driver, chip);
	empty(&world.meant);
	if (status < 0 || guest_find_fault(world.guest, fault, sizeof(fault))) {
		/* Many need platform data, and trust that it is there. */
		report(driver, chip, "faults", status < 0 ? "it hangs" : fault);
		guest_stop(world.guest);
		boot();
		return true;
	}
	read_output(&world.meant, output);
	read_chip(&world.seen);
	right = compare(detail, sizeof(detail));
	report(driver, chip,
	       !right		   ? "differs"
	       : world.meant.count ? "as meant"
				   : "silent",
	       detail);
	return right;
}

/* Returns true if this framing is known not to be right for the driver. */
static bool is_exception(const char *const *exceptions, const char *driver)
{
	for (; *exceptions; exceptions++)
		if (!strcmp(*exceptions, driver))
			return true;
	return false;
}

/* Tries all drivers. Returns how many were framed wrong, but for exceptions. */
static unsigned int try_all(const char *const *exceptions)
{
	static char list[1 << 14];
	const char *pattern = getenv("DRIVERS");
	char *save = NULL, *line;
	unsigned int wrong = 0;

	assert_int_equal(guest_run(world.guest, list, sizeof(list), TRY_S,
				   "cat /drivers"),
			 0);
	for (line = strtok_r(list, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *chip = strchr(line, ' ');

		assert_non_null(chip);
		*chip++ = '\0';
		if (pattern && fnmatch(pattern, line, 0) != 0)
			continue;
		if (!try(line, chip) && !is_exception(exceptions, line))
			wrong++;
	}
	return wrong;
}

/* Starts the daemon and the guest, and tries all. */
static void check(const char *framing, bool patched,
		  const char *const *exceptions)
{
	char device[128];
	const char *const args[] = { device, NULL };

	if (!guest_kit_is_ready())
		skip_because("no kit: run tests/guest/kit.sh");
	if (patched && !guest_kit_is_patched())
		skip_because("the patches do not apply to this Linux");
	/* A driver on an emulated processor is slow between two requests. */
	snprintf(device, sizeof(device),
		 "--device=sim:socket=%s,cs=%s,cs-hold=10000", world.chip.path,
		 framing);
	daemon_start(&world.daemon, 1, args);
	world.config = (struct guest_config){ .drivers = true,
					      .may_fault = true,
					      .patched = patched };
	boot();
	if (world.table)
		fprintf(world.table, "cs=%s%s\n", framing,
			patched ? " patched" : "");
	assert_int_equal(try_all(exceptions), 0);
}

static void messages_are_as_meant_when_cs_is_linux(void **state)
{
	static const char *const exceptions[] = {
		/* A write, and at once a read that is a message of its own */
		"ad7266",
		"ad7949",
		"max1027",
		/* For cs=nor */
		"spi_nor",
		/* It holds the chip over messages: for cs=transfer */
		"tpm_tis_spi",
		NULL,
	};

	(void)state;
	check("linux", false, exceptions);
}

static void messages_are_as_meant_when_patched_and_cs_is_spec(void **state)
{
	static const char *const exceptions[] = {
		/* Its last transfer, which has no bytes, releases the chip */
		"cros_ec_spi",
		NULL,
	};

	(void)state;
	check("spec", true, exceptions);
}

static int setup(void **state)
{
	const char *table = getenv("DRIVERS_TABLE");

	(void)state;
	world.table = table ? fopen(table, "a") : NULL;
	daemon_init(&world.daemon);
	chip_program_init(&world.chip);
	chip_program_start(&world.chip, CHIP_PROPER);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	guest_stop(world.guest);
	world.guest = NULL;
	if (world.daemon.pid)
		daemon_stop(&world.daemon, SIGTERM);
	daemon_clean(&world.daemon);
	chip_program_stop(&world.chip);
	if (world.table)
		fclose(world.table);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			messages_are_as_meant_when_cs_is_linux, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			messages_are_as_meant_when_patched_and_cs_is_spec,
			setup, teardown),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
