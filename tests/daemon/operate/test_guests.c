/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guests with devices of their own, which come and go with the file. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

static void wait_socket(const char *path, bool listens)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (daemon_listens(path) != listens) {
		assert_true(deadline_left(deadline) > 0);
		usleep(2000);
	}
}

/* Starts the daemon with the file; socket "a" is awaited. */
static void start(struct rig *rig, const char *config)
{
	char path[DAEMON_PATH_MAX + 8];
	const char *args[] = { "--config", path, NULL };

	config_write(rig, config);
	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	daemon_spawn(&rig->daemon, args);
	wait_socket(daemon_file(&rig->daemon, "a"), true);
}

static void reload(struct rig *rig, const char *config, const char *answer)
{
	config_write(rig, config);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, answer, 1);
}

static void stop(struct rig *rig)
{
	for (unsigned int i = 0; i < RIG_FRONTS; i++)
		if (rig->open[i])
			rig_close(rig, i);
	kill(rig->daemon.pid, SIGTERM);
	assert_int_equal(daemon_wait(&rig->daemon), 0);
	assert_int_not_equal(access(daemon_file(&rig->daemon, "a"), F_OK), 0);
	assert_int_not_equal(access(daemon_file(&rig->daemon, "b"), F_OK), 0);
}

/* The first byte of what JEDEC ID the flash on @chip has. */
static uint8_t read_id(struct spi_front *front, uint8_t chip)
{
	static const uint8_t command = 0x9f;
	uint8_t id[3] = { 0 };
	struct spi_front_request request = { .tx = NULL };

	request.head = rig_head(chip);
	request.head.cs_change = 0;
	request.tx = &command;
	request.tx_len = 1;
	rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
	request.tx_len = 0;
	request.rx = id;
	request.rx_len = sizeof(id);
	rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
	return id[0];
}

static uint8_t chip_selects(struct spi_front *front)
{
	struct virtio_spi_wire_config config;

	assert_int_equal(spi_front_config(front, &config), 0);
	return config.cs_max_number;
}

static void each_guest_has_its_own_devices(void **state)
{
	struct rig *rig = *state;
	struct spi_front *a, *b;

	start(rig, "guest name=a,socket=%s/a,device=sim:nor,id=0a0102,cs=nor\n"
		   "  device=sim:nor,id=1a0102,cs=nor\n"
		   "guest name=b,socket=%s/b,device=sim:nor,id=0b0102,cs=nor");
	a = config_open(rig, 0, "a");
	b = config_open(rig, 1, "b");
	assert_int_equal(chip_selects(a), 2);
	assert_int_equal(chip_selects(b), 1);
	assert_int_equal(read_id(a, 0), 0x0a);
	assert_int_equal(read_id(a, 1), 0x1a);
	assert_int_equal(read_id(b, 0), 0x0b);
	stop(rig);
}

/* What one writes the other reads: the file makes it one chip. */
static void chip_is_shared_on_purpose(void **state)
{
	static const uint8_t enable = 0x06;
	static const uint8_t program[] = { 0x02, 0, 0, 0, 0x5a };
	static const uint8_t read[] = { 0x03, 0, 0, 0 };
	struct rig *rig = *state;
	struct spi_front *a, *b;
	uint8_t byte;

	start(rig, "guest name=a,socket=%s/a,device=sim:nor,file=%s/image\n"
		   "guest name=b,socket=%s/b,device=sim:nor,file=%s/image\n");
	a = config_open(rig, 0, "a");
	b = config_open(rig, 1, "b");
	rig_tx(a, 1, &enable, 1);
	rig_tx(a, 1, program, sizeof(program));
	for (byte = 0; byte != 0x5a;) {
		rig_tx(b, 0, read, sizeof(read));
		rig_rx(b, 0, &byte, 1);
	}
	stop(rig);
}

static void reload_leaves_the_others_alone(void **state)
{
	static const char one[] = "guest name=a,socket=%s/a,device=sim:nor,"
				  "id=0a0102,cs=nor\n";
	struct rig *rig = *state;
	char config[400];
	struct spi_front *a, *b;
	unsigned int fds, threads;

	start(rig, one);
	a = config_open(rig, 0, "a");
	assert_int_equal(read_id(a, 0), 0x0a);
	fds = daemon_fds(&rig->daemon);
	threads = daemon_threads(&rig->daemon);

	snprintf(config, sizeof(config), "%s%s", one,
		 "guest name=b,socket=%s/b,device=sim:loopback");
	reload(rig, config, "guest b: is served from now on");
	b = config_open(rig, 1, "b");
	rig_check_loopback(b, 100);
	assert_int_equal(daemon_threads(&rig->daemon), threads + 1);
	assert_int_equal(read_id(a, 0), 0x0a);

	reload(rig, one, "guest b: is served no more");
	wait_socket(daemon_file(&rig->daemon, "b"), false);
	rig_close(rig, 1);
	assert_int_equal(read_id(a, 0), 0x0a);
	daemon_wait_log(&rig->daemon, "configuration read, serving 1 guest\n",
			1);
	daemon_expect_fds(&rig->daemon, fds);
	assert_int_equal(daemon_threads(&rig->daemon), threads);
	stop(rig);
}

/* It has to connect again, and finds the new device. */
static void changed_guest_begins_anew(void **state)
{
	struct rig *rig = *state;
	struct spi_front *a;

	start(rig, "guest name=a,socket=%s/a,device=sim:nor,cs=nor,id=0a0102");
	a = config_open(rig, 0, "a");
	assert_int_equal(read_id(a, 0), 0x0a);
	reload(rig, "guest name=a,socket=%s/a,device=sim:nor,cs=nor,id=0c0102",
	       "guest a: is served from now on");
	rig_close(rig, 0);
	a = config_open(rig, 0, "a");
	assert_int_equal(read_id(a, 0), 0x0c);
	stop(rig);
}

static void mistake_in_the_file_changes_nothing(void **state)
{
	struct rig *rig = *state;
	struct spi_front *a;

	start(rig, "guest name=a,socket=%s/a,device=sim:nor,cs=nor,id=0a0102");
	a = config_open(rig, 0, "a");
	reload(rig, "guest name=a\n", "nothing was changed: ");
	daemon_wait_log(&rig->daemon, "socket=PATH is missing", 1);
	assert_int_equal(read_id(a, 0), 0x0a);
	unlink(daemon_file(&rig->daemon, "conf"));
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "No such file or directory", 1);
	assert_int_equal(read_id(a, 0), 0x0a);
	stop(rig);
}

/* A guest that runs is not ended for one that cannot be. */
static void guest_that_cannot_be_served_changes_nothing(void **state)
{
	static const struct {
		const char *config, *error;
	} cases[] = {
		{ "guest name=a,socket=%s/dir,device=sim:loopback",
		  "/dir: is there, and is not a socket" },
		{ "guest name=a,socket=%s/a,device=/dev/spidev-none",
		  "nothing was changed: guest a: device=/dev/spidev-none: No "
		  "such file" },
		/* To find that out the C library may load code. */
		{ "guest name=a,socket=%s/a,device=sim:loopback,"
		  "socket-group=no-such-group",
		  "socket-group=no-such-group is not a group" },
		{ "guest name=c,socket=%s/b,device=/etc/passwd",
		  "guest c: device=/etc/passwd: is not a SPI character "
		  "device" },
	};
	struct rig *rig = *state;
	struct spi_front *a;

	start(rig, "guest name=a,socket=%s/a,device=sim:loopback");
	a = config_open(rig, 0, "a");
	mkdir(daemon_file(&rig->daemon, "dir"), 0700);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reload(rig, cases[i].config, cases[i].error);
		rig_check_loopback(a, 10);
	}
	rmdir(daemon_file(&rig->daemon, "dir"));
	stop(rig);
}

/* What only opening it can tell costs that guest alone. */
static void device_that_does_not_open_is_named(void **state)
{
	struct rig *rig = *state;

	start(rig, "guest name=a,socket=%s/a,device=sim:loopback");
	reload(rig,
	       "guest name=a,socket=%s/a,device=sim:loopback\n"
	       "guest name=c,socket=%s/c,device=/dev/null\n"
	       "guest name=b,socket=%s/b,device=sim:loopback\n",
	       "serving 2 guests");
	daemon_wait_log(&rig->daemon, "guest c: device=/dev/null: is not a SPI",
			1);
	rig_check_loopback(config_open(rig, 0, "a"), 10);
	rig_check_loopback(config_open(rig, 1, "b"), 10);
	stop(rig);
}

static void all_guests_may_go(void **state)
{
	struct rig *rig = *state;

	start(rig, "guest name=a,socket=%s/a,device=sim:loopback");
	reload(rig, "# nobody\n", "serving 0 guests");
	reload(rig, "guest name=a,socket=%s/a,device=sim:loopback",
	       "guest a: is served from now on");
	rig_check_loopback(config_open(rig, 0, "a"), 10);
	stop(rig);
}

static void hangup_without_a_file_changes_nothing(void **state)
{
	struct rig *rig = *state;

	rig_open(rig, 0);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "serving 2 guests", 1);
	rig_check_loopback(&rig->fronts[0], 10);
}

static void sockets_have_the_rights_that_are_asked_for(void **state)
{
	struct rig *rig = *state;
	struct stat st;

	start(rig, "socket-mode 0640\n"
		   "guest name=b,socket=%s/b,device=sim:loopback\n"
		   "guest name=a,socket=%s/a,device=sim:loopback,"
		   "socket-mode=0606\n");
	assert_int_equal(stat(daemon_file(&rig->daemon, "a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0606);
	assert_int_equal(stat(daemon_file(&rig->daemon, "b"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	stop(rig);
}

/* Writes @text to the file @name of the rig. */
static void write_file(struct rig *rig, const char *name, const char *text)
{
	FILE *file = fopen(daemon_file(&rig->daemon, name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Serves nothing, opens nothing, and says what a start would. */
static void check_finds_mistakes_and_missing_devices(void **state)
{
	static const struct {
		const char *config, *error;
	} cases[] = {
		{ "guest name=a,socket=%s/a,device=sim:loopback", NULL },
		{ "guest name=a,socket=%s/a", "device=PATH is missing" },
		{ "guest name=a,socket=%s/a,device=/dev/spidev-none",
		  "guest a: device=/dev/spidev-none: No such file" },
		{ "guest name=a,socket=%s/a,device=sim:regs,file=%s/map",
		  NULL },
		{ "guest name=a,socket=%s/a,device=sim:regs,file=%s/broken",
		  "/broken:2: " },
		{ "guest name=a,socket=%s/a,device=sim:regs,file=%s/none",
		  "/none: No such file" },
		{ "guest name=a,socket=%s/a,device=sim:nor,size=64k,"
		  "file=%s/none",
		  NULL },
		{ "guest name=a,socket=%s/a,device=sim:nor,size=64k,"
		  "file=%s/map",
		  "/map is not 65536 bytes long" },
	};
	struct rig *rig = *state;
	char path[DAEMON_PATH_MAX + 8];
	const char *args[] = { "-f", path, "--check", NULL };

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	write_file(rig, "map", "read-bit 7\n0x00 0x58 read-only\n");
	write_file(rig, "broken", "read-bit 7\n0x00 0x100\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		config_write(rig, cases[i].config);
		daemon_spawn(&rig->daemon, args);
		assert_int_equal(daemon_wait(&rig->daemon), !!cases[i].error);
		if (cases[i].error)
			assert_non_null(strstr(daemon_stderr(&rig->daemon),
					       cases[i].error));
		else
			assert_string_equal(daemon_stderr(&rig->daemon), "");
	}
}

static void file_without_guests_is_refused_at_start(void **state)
{
	struct rig *rig = *state;
	char path[DAEMON_PATH_MAX + 8];
	const char *args[] = { "-f", path, NULL };

	config_write(rig, "# nobody\n");
	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	daemon_spawn(&rig->daemon, args);
	assert_int_equal(daemon_wait(&rig->daemon), 1);
	assert_non_null(strstr(daemon_stderr(&rig->daemon),
			       "/conf: describes no guest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_IDLE(each_guest_has_its_own_devices),
		RIG_TEST_IDLE(chip_is_shared_on_purpose),
		RIG_TEST_IDLE(reload_leaves_the_others_alone),
		RIG_TEST_IDLE(changed_guest_begins_anew),
		RIG_TEST_IDLE(mistake_in_the_file_changes_nothing),
		RIG_TEST_IDLE(guest_that_cannot_be_served_changes_nothing),
		RIG_TEST_IDLE(device_that_does_not_open_is_named),
		RIG_TEST_IDLE(all_guests_may_go),
		RIG_TEST(hangup_without_a_file_changes_nothing),
		RIG_TEST_IDLE(sockets_have_the_rights_that_are_asked_for),
		RIG_TEST_IDLE(check_finds_mistakes_and_missing_devices),
		RIG_TEST_IDLE(file_without_guests_is_refused_at_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
