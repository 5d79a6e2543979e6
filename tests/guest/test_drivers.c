// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * All SPI drivers that the guest's kernel has as modules, one after the other,
 * with a chip that answers nonsense. What the driver meant, which the guest's
 * tracepoints tell, is held against the edges of chip select that the chip saw.
 * With cs=auto each driver has a chip select of its own, of which nothing is
 * known yet.
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
#include <unistd.h>

#include "tests/guest/guest.h"
#include "tests/guest/messages.h"
#include "tests/lib/daemon/daemon.h"
#include "tests/lib/fixture/chip_program.h"
#include "tests/lib/skip.h"

#define TRY_S 60

/* Chip select 0 has the framing that is tried; those behind it cs=auto. */
#define AUTO_CHIPS 96

struct world {
	struct chip_program chip;
	struct daemon daemon;
	struct guest *guest;
	struct guest_config config;
	FILE *table;
	struct messages meant, seen;
	const char *name; /* of what is tried, as the table has it */
	/* Drivers that this framing is known not to be right for, and auto */
	const char *const *exceptions, *const *auto_exceptions;
	unsigned int wrong; /* drivers that were, and should not */
};

static struct world world;

/* The messages that the chip saw. */
static void read_chip(struct messages *m)
{
	struct chip_program *p = &world.chip;

	messages_clear(m);
	pthread_mutex_lock(&p->lock);
	for (unsigned int i = 0; i < p->count; i++) {
		if (p->events[i].type == CHIP_SELECT)
			messages_end(m);
		if (p->events[i].type == CHIP_TRANSFER)
			messages_add_transfer(m, p->events[i].transfer.len);
	}
	pthread_mutex_unlock(&p->lock);
	messages_end(m);
}

static void boot(void)
{
	world.config.sockets[0] = daemon_socket(&world.daemon, 0);
	world.guest = guest_start(&world.config);
	assert_non_null(world.guest);
}

static void report(const char *driver, const char *chip, const char *name,
		   const char *verdict, const char *detail)
{
	unsigned int several = messages_count_several(&world.meant);
	unsigned int failed = messages_count_failed(&world.meant);

	print_message("%-22s %-16s %-8s %4u %4u %4u  %s%s%s\n", driver, chip,
		      name, world.meant.count, several, failed, verdict,
		      *detail ? ": " : "", detail);
	if (world.table)
		fprintf(world.table, "%s|%s|%s|%u|%u|%u|%s\n", driver, chip,
			name, world.meant.count, several, failed, verdict);
}

static bool is_one_of(const char *const *names, const char *driver)
{
	for (; *names; names++)
		if (!strcmp(*names, driver))
			return true;
	return false;
}

/*
 * Tries the driver with chip select @index. Returns true if it sent something,
 * and the guest goes on.
 */
static bool try(const char *driver, const char *chip, unsigned int index)
{
	static char output[1 << 16];
	char detail[256] = "", fault[256];
	const char *name = index ? "auto" : world.name;
	bool right;
	int status;

	chip_program_forget(&world.chip);
	status = guest_run(world.guest, output, sizeof(output), TRY_S,
			   "try-driver %s %u:%s:1000000 2>&1", driver, index,
			   chip);
	messages_clear(&world.meant);
	if (status < 0 || guest_find_fault(world.guest, fault, sizeof(fault))) {
		/* Many need platform data, and trust that it is there. */
		report(driver, chip, name, "faults",
		       status < 0 ? "it hangs" : fault);
		guest_stop(world.guest);
		boot();
		return false;
	}
	messages_read_output(&world.meant, output);
	read_chip(&world.seen);
	right = messages_compare(&world.meant, &world.seen, detail,
				 sizeof(detail));
	report(driver, chip, name,
	       !right		   ? "differs"
	       : world.meant.count ? "as meant"
				   : "silent",
	       detail);
	if (!right &&
	    !is_one_of(index ? world.auto_exceptions : world.exceptions,
		       driver))
		world.wrong++;
	return world.meant.count;
}

/* The same with cs=auto, of driver @number. */
static void try_auto(const char *driver, const char *chip, unsigned int number)
{
	assert_true(number < AUTO_CHIPS);
	/* It serves one connection, and each chip select has its own. */
	chip_program_stop(&world.chip);
	chip_program_start(&world.chip, CHIP_PROPER);
	try(driver, chip, 1 + number);
	chip_program_stop(&world.chip);
	chip_program_start(&world.chip, CHIP_PROPER);
}

static void try_all(bool with_auto)
{
	static char list[1 << 14];
	const char *pattern = getenv("DRIVERS");
	char *save = NULL, *line;
	unsigned int number = 0;

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
		if (try(line, chip, 0) && with_auto)
			try_auto(line, chip, number++);
	}
	assert_int_equal(world.wrong, 0);
}

/* Chip select @index of the guest: the same program, by another name. */
static void describe_auto(unsigned int index, char *text, size_t size)
{
	char name[16];
	const char *path;

	snprintf(name, sizeof(name), "chip%u", index);
	path = daemon_file(&world.daemon, name);
	assert_int_equal(symlink(world.chip.path, path), 0);
	snprintf(text, size, "--device=sim:socket=%s,cs=auto,cs-hold=10000",
		 path);
}

static void start_daemon(const char *framing, bool with_auto)
{
	static char devices[1 + AUTO_CHIPS][160];
	const char *args[2 + AUTO_CHIPS] = { devices[0] };

	/* A driver on an emulated processor is slow between two requests. */
	snprintf(devices[0], sizeof(devices[0]),
		 "--device=sim:socket=%s,cs=%s,cs-hold=10000", world.chip.path,
		 framing);
	for (unsigned int i = 1; with_auto && i <= AUTO_CHIPS; i++) {
		describe_auto(i, devices[i], sizeof(devices[i]));
		args[i] = devices[i];
	}
	daemon_start(&world.daemon, 1, args);
}

/* Starts the daemon and the guest, and tries all. */
static void check(const char *framing, bool patched)
{
	if (!guest_kit_is_ready())
		skip_because("no kit: run tests/guest/kit.sh");
	if (patched && !guest_kit_is_patched())
		skip_because("the patches do not apply to this Linux");
	start_daemon(framing, !patched);
	world.config = (struct guest_config){ .drivers = true,
					      .may_fault = true,
					      .patched = patched };
	world.name = patched ? "patched" : framing;
	world.wrong = 0;
	boot();
	try_all(!patched);
}

static void messages_are_as_meant_when_cs_is_linux_or_auto(void **state)
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
	static const char *const auto_exceptions[] = {
		/* As above */
		"ad7266",
		"ad7949",
		"max1027",
		NULL,
	};

	(void)state;
	world.exceptions = exceptions;
	world.auto_exceptions = auto_exceptions;
	check("linux", false);
}

static void messages_are_as_meant_when_patched_and_cs_is_spec(void **state)
{
	static const char *const exceptions[] = {
		/* Its last transfer, which has no bytes, releases the chip */
		"cros_ec_spi",
		NULL,
	};

	(void)state;
	world.exceptions = exceptions;
	check("spec", true);
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
			messages_are_as_meant_when_cs_is_linux_or_auto, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			messages_are_as_meant_when_patched_and_cs_is_spec,
			setup, teardown),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
