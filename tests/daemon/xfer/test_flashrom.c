/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* flashrom programs a chip over spi-xfer --serprog while a guest uses it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/daemon/flash_rig.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"
#include "tests/lib/xfer/xfer_tool.h"

#define SIZE	  (1u << 20)
#define FAR	  (16u << 20) /* what three bytes of address do not reach */
#define LIMIT_MS  300000
#define FRONT_LEN 65536 /* of the layout's first part */
#define PAGES	  256	/* of 256 bytes, in it */

static const char layout[] = "000000:00ffff front\n"
			     "010000:0fffff back\n";

static const char *flashrom(void)
{
	static const char *const paths[] = { "/usr/sbin/flashrom",
					     "/usr/bin/flashrom" };

	for (unsigned int i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	skip_because("flashrom is not installed");
}

static int setup(void **state)
{
	static const char *const args[] = { "--device=sim:nor,size=1M", NULL };

	*state = (void *)(uintptr_t)args;
	return rig_setup(state);
}

/* Starts flashrom, in the daemon's directory. */
static pid_t start(struct rig *rig, const struct xfer_server *server,
		   const char *args, const char *log)
{
	char command[1024];
	const char *const argv[] = { "sh", "-c", command, NULL };
	pid_t pid;

	snprintf(command, sizeof(command),
		 "cd %s && exec %s -p serprog:ip=%s,spispeed=25M %s",
		 rig->daemon.dir, flashrom(), server->place, args);
	pid = process_start(argv, log);
	assert_true(pid > 0);
	return pid;
}

static void read_id(struct spi_front *guest, unsigned int i)
{
	uint8_t id[3];

	(void)i;
	rig_tx(guest, 0, "\x9f", 1);
	rig_rx(guest, 1, id, sizeof(id));
	assert_int_equal(id[0], 0xef);
}

/* Programs one of the first pages, or finds it as it was programmed. */
static void program_page(struct spi_front *guest, unsigned int i)
{
	uint8_t page = i, byte = ~page;

	if (i < PAGES)
		flash_program(guest, page, byte);
	assert_int_equal(flash_byte(guest, page, 0), byte);
}

/*
 * Runs flashrom, while a guest does @work again and again. Returns how often it
 * did.
 */
static unsigned int run(struct rig *rig, const struct xfer_server *server,
			const char *args,
			void (*work)(struct spi_front *guest, unsigned int i))
{
	char log[2 * DAEMON_PATH_MAX];
	unsigned int count = 0;
	pid_t pid;
	int status;

	snprintf(log, sizeof(log), "%s",
		 daemon_file(&rig->daemon, "flashrom.log"));
	pid = start(rig, server, args, log);
	for (; process_is_running(pid); count++) {
		work(&rig->fronts[1], count);
		process_sleep_ms(1);
	}
	status = process_wait(pid, LIMIT_MS);
	if (status)
		process_show_log("flashrom", log);
	assert_int_equal(status, 0);
	return count;
}

static void write_file(const struct rig *rig, const char *name,
		       const void *bytes, size_t len)
{
	FILE *file = fopen(daemon_file(&rig->daemon, name), "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Compares a file of SIZE bytes. */
static void expect_file(const struct rig *rig, const char *name,
			const uint8_t *bytes)
{
	FILE *file = fopen(daemon_file(&rig->daemon, name), "re");
	uint8_t *got = malloc(SIZE);

	assert_non_null(file);
	assert_non_null(got);
	assert_int_equal(fread(got, 1, SIZE, file), SIZE);
	assert_memory_equal(got, bytes, SIZE);
	free(got);
	fclose(file);
}

static void connect_both(struct rig *rig, struct xfer_server *server)
{
	xfer_server_start(server, rig, "127.0.0.1:0");
	rig_open(rig, 1);
}

TEST_WITH(flashrom_writes_reads_and_erases_beside_a_guest, struct rig *rig)
{
	uint8_t *image = malloc(SIZE);
	struct xfer_server server;

	flashrom();
	assert_non_null(image);
	rig_pattern(image, SIZE, 1);
	write_file(rig, "image", image, SIZE);
	write_file(rig, "layout", layout, sizeof(layout) - 1);
	connect_both(rig, &server);

	assert_true(run(rig, &server, "--flash-name", read_id) > 0);
	assert_true(run(rig, &server, "-w image", read_id) > 0);
	run(rig, &server, "-v image", read_id);
	run(rig, &server, "-r back", read_id);
	expect_file(rig, "back", image);

	run(rig, &server, "-l layout -i front -E", read_id);
	memset(image, 0xff, FRONT_LEN);
	run(rig, &server, "-r back", read_id);
	expect_file(rig, "back", image);

	xfer_server_stop(&server, SIGTERM);
	free(image);
}

/* Neither's programs and erases get into those of the other. */
TEST_WITH(flashrom_writes_while_a_guest_programs_the_same_chip, struct rig *rig)
{
	uint8_t *image = malloc(SIZE);
	struct xfer_server server;

	flashrom();
	assert_non_null(image);
	rig_pattern(image, SIZE, 2);
	write_file(rig, "image", image, SIZE);
	write_file(rig, "layout", layout, sizeof(layout) - 1);
	connect_both(rig, &server);

	assert_true(run(rig, &server, "-l layout -i back -N -w image",
			program_page) >= PAGES);
	memset(image, 0xff, FRONT_LEN);
	for (unsigned int page = 0; page < PAGES; page++)
		image[page << 8] = ~page;
	run(rig, &server, "-r back", read_id);
	expect_file(rig, "back", image);

	xfer_server_stop(&server, SIGTERM);
	free(image);
}

/* The bytes at @address of a chip that has four bytes of address. */
static void read_far(struct spi_front *guest, uint32_t address, uint8_t *bytes,
		     uint32_t len)
{
	const uint8_t command[] = { 0x13, (uint8_t)(address >> 24),
				    (uint8_t)(address >> 16),
				    (uint8_t)(address >> 8), (uint8_t)address };

	rig_tx(guest, 0, command, sizeof(command));
	rig_rx(guest, 1, bytes, len);
}

/* Four bytes of address: a page beyond 16 MiB, and none before. */
TEST_WITH(flashrom_writes_a_large_chip_beside_a_guest, struct rig *rig)
{
	static const char *const args[] = { "--device=sim:nor,size=32M", NULL };
	static const char parts[] = "0000000:0ffffff low\n"
				    "1000000:1000fff part\n"
				    "1001000:1ffffff high\n";
	static uint8_t image[FAR + 0x1000], bytes[0x1000], empty[0x1000];
	struct xfer_server server;

	flashrom();
	daemon_stop(&rig->daemon, SIGTERM);
	daemon_start(&rig->daemon, 2, args);
	rig_pattern(image + FAR, sizeof(bytes), 3);
	write_file(rig, "image", image, sizeof(image));
	assert_int_equal(truncate(daemon_file(&rig->daemon, "image"), 2 * FAR),
			 0);
	write_file(rig, "layout", parts, sizeof(parts) - 1);
	connect_both(rig, &server);

	assert_true(run(rig, &server,
			"-c W25Q256JV_Q -l layout -i part -N -w image",
			read_id) > 0);
	read_far(&rig->fronts[1], FAR, bytes, sizeof(bytes));
	assert_memory_equal(bytes, image + FAR, sizeof(bytes));
	read_far(&rig->fronts[1], 0, bytes, sizeof(bytes));
	memset(empty, 0xff, sizeof(empty));
	assert_memory_equal(bytes, empty, sizeof(bytes));

	xfer_server_stop(&server, SIGTERM);
}

TEST_MAIN(setup, rig_teardown)
