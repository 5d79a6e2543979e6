/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What happens to the file behind a running sim:nor: it is truncated, full,
 * replaced or gone. The guest is told, the log names the file, and the chip
 * works again when the file is whole.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/skip.h"
#include "tests/lib/host/small_fs.h"
#include "tests/lib/test.h"

#define SIZE  (64 * 1024)
#define ERASE 0x00, 0x10, 0x00 /* the address that is erased, 4 KiB */

static char fs[DAEMON_PATH_MAX];
static char image[DAEMON_PATH_MAX + 16];
static char moved[DAEMON_PATH_MAX + 16];

/* Starts a daemon whose flash is @image, in directory @dir; one guest. */
static struct spi_front *start(struct rig *rig, const char *dir)
{
	char device[DAEMON_PATH_MAX + 64];
	const char *args[] = { device, NULL };

	snprintf(image, sizeof(image), "%s/flash", dir);
	snprintf(moved, sizeof(moved), "%s/moved", dir);
	snprintf(device, sizeof(device), "--device=sim:nor,size=64k,file=%s",
		 image);
	daemon_start(&rig->daemon, 2, args);
	return rig_open(rig, 0);
}

static struct spi_front *start_here(struct rig *rig)
{
	return start(rig, rig->daemon.dir);
}

/* The same, on a file system of which a test decides how full it is. */
static struct spi_front *start_on_small_fs(struct rig *rig)
{
	snprintf(fs, sizeof(fs), "%.80s/fs", rig->daemon.dir);
	if (!small_fs_mount(fs, 2 * SIZE))
		skip_because("no small file system: mounting takes root");
	return start(rig, fs);
}

static int setup(void **state)
{
	fs[0] = '\0';
	return rig_setup_idle(state);
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	for (unsigned int i = 0; i < RIG_FRONTS; i++)
		rig_close(rig, i);
	if (rig->daemon.pid > 0)
		daemon_stop(&rig->daemon, SIGTERM);
	if (fs[0])
		small_fs_remove(fs);
	return rig_teardown(state);
}

/* A request that ends with @status; @rx as long as @tx, or NULL. */
static void send(struct spi_front *front, const void *tx, void *rx,
		 uint32_t len, uint8_t cs_change, uint8_t status)
{
	struct spi_front_request request = { rig_head(0), tx, len, rx,
					     rx ? len : 0 };

	request.head.cs_change = cs_change;
	rig_expect(front, &request, status);
}

#define BYTES(...)                        \
	(const uint8_t[]){ __VA_ARGS__ }, \
		sizeof((const uint8_t[]){ __VA_ARGS__ })

static void command(struct spi_front *front, const uint8_t *tx, uint32_t len,
		    uint8_t status)
{
	send(front, tx, NULL, len, 1, status);
}

static void wait_ready(struct spi_front *front)
{
	uint8_t rx[2] = { 0, 1 };

	while (rx[1] & 1)
		send(front, "\x05", rx, 2, 1, VIRTIO_SPI_TRANS_OK);
}

/* Programs one byte; the program command ends with @status. */
static void program(struct spi_front *front, uint8_t page, uint8_t byte,
		    uint8_t status)
{
	command(front, BYTES(0x06), VIRTIO_SPI_TRANS_OK);
	command(front, BYTES(0x02, 0, page, 0, byte), status);
	wait_ready(front);
}

static void erase(struct spi_front *front, uint8_t status)
{
	command(front, BYTES(0x06), VIRTIO_SPI_TRANS_OK);
	command(front, BYTES(0x20, ERASE), status);
	wait_ready(front);
}

/* Reads the first byte of @page, with @status. */
static uint8_t read_byte(struct spi_front *front, uint8_t page, uint8_t status)
{
	const uint8_t tx[5] = { 0x03, 0, page, 0 };
	uint8_t rx[5] = { 0 };

	send(front, tx, rx, sizeof(tx), 1, status);
	return rx[4];
}

#define OK  VIRTIO_SPI_TRANS_OK
#define ERR VIRTIO_SPI_TRANS_ERR

/* The chip is there for both guests: only its contents are not. */
static void check_identity(struct rig *rig)
{
	uint8_t rx[4];

	send(rig_open(rig, 1), "\x9f\0\0", rx, 4, 1, OK);
	assert_int_equal(rx[1], 0xef);
	rig_close(rig, 1);
}

static void check_log(struct rig *rig, const char *what)
{
	const char *text = daemon_stderr(&rig->daemon);

	if (!strstr(text, image) || !strstr(text, what))
		fail_msg("%s and \"%s\" are not in: %s", image, what, text);
}

static void truncate_image(off_t size)
{
	assert_int_equal(truncate(image, size), 0);
}

static off_t image_size(void)
{
	struct stat st;

	assert_int_equal(stat(image, &st), 0);
	return st.st_size;
}

static void copy_over_image(uint8_t byte)
{
	int fd = open(image, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	static uint8_t bytes[SIZE];

	assert_true(fd >= 0);
	memset(bytes, byte, SIZE);
	assert_int_equal(write(fd, bytes, SIZE), SIZE);
	close(fd);
}

TEST_WITH(truncated_file_fails_what_touches_it, struct rig *rig)
{
	struct spi_front *front = start_here(rig);

	program(front, 0, 0x12, OK);
	assert_int_equal(read_byte(front, 0, OK), 0x12);
	truncate_image(0);
	read_byte(front, 0, ERR);
	program(front, 0x20, 0x34, ERR);
	erase(front, ERR);
	assert_int_equal(image_size(), 0);
	check_identity(rig);
	check_log(rig, "truncated");

	copy_over_image(0xff);
	assert_int_equal(read_byte(front, 0, OK), 0xff);
	program(front, 0x20, 0x34, OK);
	assert_int_equal(read_byte(front, 0x20, OK), 0x34);
}

/* A chip of which the first half is left. */
TEST_WITH(shortened_file_serves_what_is_left, struct rig *rig)
{
	struct spi_front *front = start_here(rig);

	truncate_image(SIZE / 2);
	assert_int_equal(read_byte(front, 0x7f, OK), 0xff);
	program(front, 0x7f, 0x12, OK);
	read_byte(front, 0x80, ERR);
	program(front, 0x80, 0x12, ERR);
	assert_int_equal(image_size(), SIZE / 2);
	assert_int_equal(read_byte(front, 0x7f, OK), 0x12);
}

/* Linux sends a program command that no deselect follows at once. */
TEST_WITH(program_that_fails_later_fails_the_status_read, struct rig *rig)
{
	struct spi_front *front = start_here(rig);
	uint8_t rx[2];

	command(front, BYTES(0x06), OK);
	truncate_image(0);
	send(front, "\x02\0\0\0\x12", NULL, 5, 0, OK);
	send(front, "\x05", rx, 2, 1, ERR);
	check_log(rig, "truncated");
	wait_ready(front);
}

TEST_WITH(full_file_system_fails_the_write, struct rig *rig)
{
	struct spi_front *front = start_on_small_fs(rig);

	/* Sparse: no page of it has a place yet. */
	truncate_image(0);
	truncate_image(SIZE);
	small_fs_fill(fs);
	assert_int_equal(read_byte(front, 0x10, OK), 0);
	erase(front, ERR);
	assert_int_equal(read_byte(front, 0x10, OK), 0);
	check_identity(rig);
	check_log(rig, "No space left");
	small_fs_drain(fs);
	erase(front, OK);
	assert_int_equal(read_byte(front, 0x10, OK), 0xff);
}

/* As `ulimit -f` and LimitFSIZE= of systemd set it. */
TEST_WITH(file_size_limit_fails_the_write, struct rig *rig)
{
	struct spi_front *front = start_here(rig);
	const struct rlimit limit = { SIZE / 2, RLIM_INFINITY };

	assert_int_equal(prlimit(daemon_serving(&rig->daemon), RLIMIT_FSIZE,
				 &limit, NULL),
			 0);
	program(front, 0x7f, 0x12, OK);
	program(front, 0x80, 0x12, ERR);
	check_log(rig, "File too large");
	check_identity(rig);
}

/* The chip has the file that it opened, and does not write where none sees. */
TEST_WITH(replaced_file_can_be_read_but_not_written, struct rig *rig)
{
	struct spi_front *front = start_here(rig);

	program(front, 0, 0x12, OK);
	assert_int_equal(rename(image, moved), 0);
	copy_over_image(0);
	assert_int_equal(read_byte(front, 0, OK), 0x12);
	program(front, 0x20, 0x34, ERR);
	erase(front, ERR);
	check_log(rig, "replaced");

	assert_int_equal(rename(moved, image), 0);
	assert_int_equal(read_byte(front, 0x20, OK), 0xff);
	program(front, 0x20, 0x34, OK);
}

TEST_WITH(deleted_file_can_be_read_but_not_written, struct rig *rig)
{
	struct spi_front *front = start_here(rig);

	program(front, 0, 0x12, OK);
	assert_int_equal(unlink(image), 0);
	assert_int_equal(read_byte(front, 0, OK), 0x12);
	program(front, 0, 0, ERR);
	assert_int_equal(read_byte(front, 0, OK), 0x12);
	check_log(rig, "deleted");
}

TEST_WITH(file_system_that_goes_away_fails_the_write, struct rig *rig)
{
	struct spi_front *front = start_on_small_fs(rig);

	program(front, 0, 0x12, OK);
	small_fs_detach(fs);
	assert_int_equal(read_byte(front, 0, OK), 0x12);
	program(front, 0x20, 0x34, ERR);
	check_log(rig, "deleted");
	check_identity(rig);
}

TEST_MAIN(setup, teardown)
