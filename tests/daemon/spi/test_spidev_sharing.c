/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A host program that uses the device of a guest: the test itself, which opens
 * the device file, locks it and changes its settings. See
 * tests/lib/host/fake_spidev.h for the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/spi/spidev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/device/spidev_watch.h"
#include "tests/lib/host/sandbox.h"
#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

static const char *path; /* of the device */
static int host = -1;	 /* the host program's descriptor of it */

static void make_device(void)
{
	fake_spidev_need();
	path = fake_spidev_make(0, &fake_spidev_plain);
}

static void host_opens(void)
{
	host = open(path, O_RDWR | O_CLOEXEC);
	assert_true(host >= 0);
}

static void host_closes(void)
{
	close(host);
	host = -1;
}

static void host_locks(int how)
{
	host_opens();
	assert_int_equal(flock(host, how | LOCK_NB), 0);
}

/* Opens the device for one change of its mode, as a script does. */
static void host_sets_mode(uint32_t mode)
{
	host_opens();
	assert_int_equal(ioctl(host, SPI_IOC_WR_MODE32, &mode), 0);
	host_closes();
}

/* A daemon for two guests that share the device, with @keys */
static void start(struct rig *rig, const char *keys)
{
	char device[128];
	const char *args[] = { device, NULL };

	snprintf(device, sizeof(device), "--device=%s%s", path, keys);
	daemon_start(&rig->daemon, 2, args);
	fake_spidev_take(0);
}

/* A message of a guest, which runs in mode 0. */
static void expect_mode_0(struct spi_front *front)
{
	const struct fake_spidev_log *log;
	unsigned int clocks = 0;
	uint8_t rx[4];

	rig_duplex(front, (const uint8_t *)"ab\0", rx, sizeof(rx));
	log = fake_spidev_take(0);
	for (unsigned int i = 0; i < log->count; i++) {
		if (log->events[i].kind != FAKE_CLOCK)
			continue;
		assert_int_equal(log->events[i].mode, SPI_MODE_0);
		clocks++;
	}
	assert_int_equal(clocks, 1);
}

static const char *holder(void)
{
	static char text[80];

	snprintf(text, sizeof(text),
		 "is locked by test_spidev_sha (process %d)", (int)getpid());
	return text;
}

TEST_WITH(start_is_refused_when_the_device_is_locked, struct rig *rig)
{
	static const char *const keys[] = { "", ",host-shared=yes" };

	make_device();
	host_locks(LOCK_EX);
	for (int i = 0; i < 2; i++) {
		char device[128], socket[128];
		const char *args[] = { socket, device, NULL };

		snprintf(socket, sizeof(socket), "--socket-path=%s",
			 daemon_file(&rig->daemon, "sock"));
		snprintf(device, sizeof(device), "--device=%s%s", path,
			 keys[i]);
		daemon_spawn(&rig->daemon, args);
		assert_int_equal(daemon_wait(&rig->daemon), 1);
		assert_non_null(strstr(daemon_stderr(&rig->daemon), holder()));
		assert_int_equal(
			access(daemon_file(&rig->daemon, "sock0"), F_OK), -1);
	}
	assert_int_equal(fake_spidev_take(0)->ioctls, 0);
}

/* The user of the daemon can open the device, and has no other right. */
TEST_WITH(lock_takes_no_more_rights_than_to_open_the_device, struct rig *rig)
{
	char dir[64], device[128];
	const char *args[] = { device, "--user=nobody", NULL };

	make_device();
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path),
		 path);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(chmod(rig->daemon.dir, 0777), 0);
	snprintf(device, sizeof(device), "--device=%s", path);
	daemon_start(&rig->daemon, 1, args);
	fake_spidev_take(0);
	host_opens();
	assert_int_equal(flock(host, LOCK_SH | LOCK_NB), -1);
	expect_mode_0(rig_open(rig, 0));
	assert_int_equal(daemon_count_log(&rig->daemon, "cannot be locked"), 0);
}

TEST_WITH(second_daemon_is_refused, struct rig *rig)
{
	struct daemon second;
	char device[128], socket[128];
	const char *args[] = { socket, device, NULL };

	make_device();
	start(rig, "");
	daemon_init(&second);
	snprintf(socket, sizeof(socket), "--socket-path=%s",
		 daemon_file(&second, "sock"));
	snprintf(device, sizeof(device), "--device=%s", path);
	daemon_spawn(&second, args);
	assert_int_equal(daemon_wait(&second), 1);
	assert_non_null(strstr(daemon_stderr(&second), "is locked by "));
	daemon_clean(&second);
	/* The first one's chip was not touched. */
	assert_int_equal(fake_spidev_take(0)->ioctls, 0);
	expect_mode_0(rig_open(rig, 0));
}

TEST_WITH(lock_ends_with_the_daemon, struct rig *rig)
{
	make_device();
	start(rig, "");
	host_opens();
	assert_int_equal(flock(host, LOCK_SH | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_int_equal(flock(host, LOCK_EX | LOCK_NB), 0);
}

TEST_WITH(lock_is_shared_when_the_host_shares, struct rig *rig)
{
	make_device();
	host_locks(LOCK_SH);
	start(rig, ",host-shared=yes");
	/* Two guests of one daemon have one handle, and one lock. */
	expect_mode_0(rig_open(rig, 0));
	expect_mode_0(rig_open(rig, 1));
	/* Company is expected, and no news. */
	assert_int_equal(daemon_count_log(&rig->daemon, "has it open"), 0);
}

TEST_WITH(settings_are_right_when_the_host_shares, struct rig *rig)
{
	struct spi_front *front;

	make_device();
	start(rig, ",host-shared=yes");
	front = rig_open(rig, 0);
	for (uint32_t i = 0; i < 20; i++) {
		host_sets_mode(i % 3 + 1);
		expect_mode_0(front);
	}
	/* One line, and not one for each change. */
	assert_int_equal(
		daemon_count_log(&rig->daemon, "another program changed"), 1);
	assert_int_equal(daemon_count_log(&rig->daemon, "may be wrong"), 0);
}

TEST_WITH(program_that_is_there_at_the_start_is_told, struct rig *rig)
{
	struct spi_front *front;
	char line[96];

	make_device();
	host_opens();
	start(rig, "");
	host_closes();
	snprintf(line, sizeof(line),
		 ": test_spidev_sha (process %d) has it open too",
		 (int)getpid());
	assert_int_equal(daemon_count_log(&rig->daemon, line), 1);
	/* From now on it is as with host-shared=yes. */
	front = rig_open(rig, 0);
	for (int i = 0; i < 10; i++) {
		host_sets_mode(SPI_MODE_3);
		expect_mode_0(front);
	}
}

TEST_WITH(program_that_comes_later_is_found_out, struct rig *rig)
{
	struct spi_front *front;

	make_device();
	start(rig, "");
	front = rig_open(rig, 0);
	expect_mode_0(front);
	host_sets_mode(SPI_MODE_3);
	process_sleep_ms((int)(SPIDEV_WATCH_NS / 1000000) + 1);
	expect_mode_0(front);
	assert_int_equal(daemon_count_log(&rig->daemon,
					  "another program changed the mode "
					  "to 0x3, and guests need 0x0; what "
					  "they have sent and received"),
			 1);
	for (int i = 0; i < 10; i++) {
		host_sets_mode(SPI_MODE_3);
		expect_mode_0(front);
	}
	assert_int_equal(
		daemon_count_log(&rig->daemon, "another program changed"), 1);
}

TEST_WITH(program_is_told_when_a_request_fails, struct rig *rig)
{
	struct spi_front_request request = { .head = rig_head(0), .rx_len = 4 };
	int64_t deadline = deadline_in(60000);
	struct spi_front *front;

	make_device();
	start(rig, "");
	front = rig_open(rig, 0);
	assert_int_equal(daemon_count_log(&rig->daemon, "has it open too"), 0);
	host_opens();
	fake_spidev_fail(0, 1, UINT_MAX, EIO);
	/* On a busy machine a look may be too short; the next is 10 s later. */
	while (!daemon_count_log(&rig->daemon, "has it open too")) {
		assert_true(deadline_left(deadline) > 0);
		rig_expect(front, &request, VIRTIO_SPI_TRANS_ERR);
		process_sleep_ms(10);
	}
	rig_expect(front, &request, VIRTIO_SPI_TRANS_ERR);
	assert_int_equal(daemon_count_log(&rig->daemon, "has it open too"), 1);
	fake_spidev_fail(0, 0, 0, 0);
	rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
}

TEST_WITH(reload_leaves_a_guest_out_whose_device_is_locked, struct rig *rig)
{
	static const char one[] =
		"guest name=a,socket=%s/a,device=sim:loopback";
	/* The device is not in /dev, where the sandbox lets it be. */
	const char *args[] = { "--config", NULL, "--sandbox=off", NULL };
	char conf[DAEMON_PATH_MAX + 16], two[256];

	make_device();
	config_write(rig, one);
	snprintf(conf, sizeof(conf), "%s", daemon_file(&rig->daemon, "conf"));
	args[1] = conf;
	daemon_spawn(&rig->daemon, args);
	daemon_wait_log(&rig->daemon, "serving 1 guest", 1);
	host_locks(LOCK_EX);
	snprintf(two, sizeof(two), "%s\nguest name=b,socket=%%s/b,device=%s\n",
		 one, path);
	config_write(rig, two);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, holder(), 1);
	rig_check_loopback(config_open(rig, 0, "a"), 10);

	host_closes();
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "guest b: is served from now on", 1);
	expect_mode_0(config_open(rig, 1, "b"));
	host_opens();
	assert_int_equal(flock(host, LOCK_EX | LOCK_NB), -1);
	config_write(rig, one);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "guest b: is served no more", 1);
	rig_close(rig, 1);
	/* The line is written before the device is closed. */
	assert_int_equal(flock(host, LOCK_EX), 0);
}

TEST_WITH(reload_takes_no_device_that_the_sandbox_refuses, struct rig *rig)
{
	static const char one[] =
		"guest name=a,socket=%s/a,device=sim:loopback";
	const char *args[] = { "--config", NULL, "--sandbox=on", NULL };
	char conf[DAEMON_PATH_MAX + 16], two[256];

	sandbox_need_landlock();
	make_device();
	config_write(rig, one);
	snprintf(conf, sizeof(conf), "%s", daemon_file(&rig->daemon, "conf"));
	args[1] = conf;
	daemon_spawn(&rig->daemon, args);
	daemon_wait_log(&rig->daemon, "serving 1 guest", 1);
	snprintf(two, sizeof(two), "%s\nguest name=b,socket=%%s/b,device=%s\n",
		 one, path);
	config_write(rig, two);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon,
			"Permission denied; the sandbox has the directories "
			"of the start, so restart to use another",
			1);
	rig_check_loopback(config_open(rig, 0, "a"), 10);
}

static int teardown(void **state)
{
	int ret = rig_teardown(state);

	if (host >= 0)
		host_closes();
	fake_spidev_remove_all();
	return ret;
}

TEST_MAIN(rig_setup_idle, teardown)
