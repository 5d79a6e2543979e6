// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/guest/lab.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/skip.h"

/* Emulated guests on a loaded machine are slow between two requests. */
#define LONG_HOLD ",cs-hold=10000"

/* Of the guest's SPI driver, in its sysfs */
#define DRIVER "/sys/bus/virtio/drivers/spi_virtio"

int lab_setting(const char *name, int otherwise)
{
	const char *text = getenv(name);

	return text ? atoi(text) : otherwise;
}

static const struct {
	const char *kind, *framing;
} chips[] = {
	{ "sim:nor,size=16M", "nor" }, /* in a file */
	{ "sim:loopback", "linux" },
	{ "sim:nor,size=1M,id=" CHIP_ID, "linux" },
	{ "sim:nor,size=1M,id=" CHIP_ID, "nor" },
};

#define CHIP_COUNT (sizeof(chips) / sizeof(*chips))

#define TRACE	   "wire.vcd"

/* The daemon's configuration: it has a trace, or not. Returns the file. */
static const char *configure(const struct lab *lab, bool trace)
{
	FILE *file = fopen(daemon_file(&lab->daemon, "conf"), "we");

	assert_non_null(file);
	if (trace)
		fprintf(file, "trace=%s\n", daemon_file(&lab->daemon, TRACE));
	assert_int_equal(fclose(file), 0);
	return daemon_file(&lab->daemon, "conf");
}

const char *lab_end_trace(struct lab *lab)
{
	configure(lab, false);
	kill(lab->daemon.pid, SIGHUP);
	while (!strstr(daemon_stderr(&lab->daemon), "configuration read")) {
		assert_true(daemon_is_running(&lab->daemon));
		process_sleep_ms(10);
	}
	return daemon_file(&lab->daemon, TRACE);
}

static void start_daemon(struct lab *lab)
{
	const struct lab_setup *setup = lab->setup;
	char text[CHIP_COUNT][256], config[PATH_MAX];
	const char *args[16];
	size_t count = 0;

	while (count < CHIP_COUNT) {
		snprintf(text[count], sizeof(text[0]),
			 "--device=%s,cs=%s%s%s%s", chips[count].kind,
			 setup->framing ? setup->framing : chips[count].framing,
			 count ? "" : ",file=",
			 count ? "" : daemon_file(&lab->daemon, "nor.img"),
			 setup->keys ? setup->keys : LONG_HOLD);
		args[count] = text[count];
		count++;
	}
	for (int i = 0; i < 4 && setup->daemon_options[i]; i++)
		args[count++] = setup->daemon_options[i];
	if (setup->trace) {
		snprintf(config, sizeof(config), "--config=%s",
			 configure(lab, true));
		args[count++] = config;
	}
	args[count] = NULL;
	daemon_start(&lab->daemon, LAB_GUESTS, args);
}

/* The chips of a guest, as spi_board takes them */
static const char *chips_of(const struct lab *lab, unsigned int index)
{
	if (!index)
		return CHIPS;
	return lab->setup->chips ? lab->setup->chips : ECHO_ONLY;
}

struct guest *lab_boot(struct lab *lab, unsigned int index)
{
	static const char *const names[LAB_GUESTS] = { "first", "second",
						       "third", "fourth" };
	struct guest_config config = lab->setup->guest;
	struct guest *g;

	config.name = names[index];
	config.sockets[0] = daemon_socket(&lab->daemon, index);
	config.chips = chips_of(lab, index);
	g = guest_start(&config);
	if (!g)
		daemon_show_log(&lab->daemon);
	assert_non_null(g);
	lab->guests[index] = g;
	return g;
}

int lab_stop_guest(struct lab *lab, unsigned int index)
{
	int status = guest_stop(lab->guests[index]);

	lab->guests[index] = NULL;
	if (status == -EBADMSG)
		lab->guest_failed = true;
	return status;
}

/* Ends a daemon or guests that have stopped; the next test starts new ones. */
static void drop_failed(struct lab *lab)
{
	bool daemon_runs = daemon_is_running(&lab->daemon);

	if (lab->daemon.pid && !daemon_runs) {
		daemon_show_log(&lab->daemon);
		daemon_wait(&lab->daemon);
		lab->daemon_failed = true;
	}
	for (unsigned int i = 0; i < LAB_GUESTS; i++)
		if (lab->guests[i] &&
		    (!daemon_runs || !guest_is_running(lab->guests[i])))
			lab_stop_guest(lab, i);
}

struct lab *lab_open(void **state)
{
	struct lab *lab = *state;

	if (lab->missing) {
		skip_because("%s", lab->missing);
	}
	drop_failed(lab);
	if (!lab->daemon.pid)
		start_daemon(lab);
	if (!lab->guests[0])
		lab_boot(lab, 0);
	return lab;
}

int lab_after_test(void **state)
{
	struct lab *lab = *state;
	bool failed;
	char line[256];

	for (unsigned int i = 0; i < LAB_GUESTS; i++)
		if (lab->guests[i] &&
		    (i || guest_find_fault(lab->guests[i], line, sizeof(line))))
			lab_stop_guest(lab, i);
	failed = lab->guest_failed;
	lab->guest_failed = false;
	return failed ? -1 : 0;
}

static void drop_guest(struct lab *lab, struct guest *g)
{
	for (unsigned int i = 0; i < LAB_GUESTS; i++)
		if (lab->guests[i] == g)
			lab_stop_guest(lab, i);
}

void lab_fail(struct lab *lab, struct guest *g, const char *format, ...)
{
	char message[8192];
	va_list ap;

	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	guest_show_logs(g);
	daemon_show_log(&lab->daemon);
	drop_guest(lab, g);
	fail_msg("%s", message);
	abort();
}

const char *lab_run(struct lab *lab, struct guest *g, int timeout_s,
		    const char *format, ...)
{
	static char out[8192];
	char command[2048];
	va_list ap;
	int status;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	status = guest_run(g, out, sizeof(out), timeout_s, "%s", command);
	if (status)
		lab_fail(lab, g, "%s: status %d\n%s", command, status, out);
	out[strcspn(out, "\n")] = '\0';
	return out;
}

void lab_qmp(struct lab *lab, struct guest *g, const char *command)
{
	char answer[512] = "";
	int err = guest_qmp(g, command, answer, sizeof(answer));

	if (err)
		lab_fail(lab, g, "%s: %d %s", command, err, answer);
}

void lab_begin_random(void)
{
	unsigned int seed =
		(unsigned int)lab_setting("GUEST_SEED", (int)time(NULL));

	setvbuf(stdout, NULL, _IOLBF, 0);
	print_message("GUEST_SEED=%u\n", seed);
	srandom(seed);
}

int lab_random_ms(int min, int max)
{
	return min + (int)(random() % (max - min + 1));
}

uint64_t lab_features(struct lab *lab, struct guest *g)
{
	const char *bits =
		lab_run(lab, g, SHORT_S,
			"cat /sys/bus/virtio/drivers/*spi*/virtio*/features");
	uint64_t set = 0;

	/* '0' or '1' for each, from bit 0 on, 64 or more */
	assert_true(strlen(bits) >= 64);
	assert_null(strchr(bits + 64, '1'));
	for (unsigned int i = 0; i < 64; i++)
		set |= (uint64_t)(bits[i] == '1') << i;
	return set;
}

void lab_unbind(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		"set -e; cd " DRIVER "; echo virtio* > /run/unbound; "
		"cat /run/unbound > unbind; [ ! -e " ECHO " -a ! -e " FLASH
		" ]");
}

void lab_bind(struct lab *lab, struct guest *g)
{
	unsigned int index = 0;

	while (lab->guests[index] != g)
		index++;
	lab_run(lab, g, SHORT_S,
		"set -e; cat /run/unbound > " DRIVER "/bind; rmmod spi_board; "
		"insmod /modules/spi_board.ko chips=%s",
		chips_of(lab, index));
}

void lab_rebind(struct lab *lab, struct guest *g)
{
	lab_unbind(lab, g);
	lab_bind(lab, g);
}

void lab_check_drivers(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		"! dmesg | grep -E 'transfer failed|transfer timed out|"
		"spi-nor.*error'");
}

void lab_start_traffic(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		"rm -f /run/stop /run/result /run/count; "
		"(n=0; while [ ! -e /run/stop ]; do "
		"guest-spi duplex " ECHO
		" 20000 $n || { echo bad >/run/result; "
		"exit; }; n=$((n+1)); echo $n >/run/count; done; "
		"echo good >/run/result) >/run/traffic.log 2>&1 &");
	lab_run(lab, g, SHORT_S,
		"while [ ! -s /run/count -a ! -e /run/result ]; do "
		"sleep 0.1; done");
}

void lab_stop_traffic(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		"touch /run/stop; while [ ! -e /run/result ]; do sleep 0.1; done; "
		"cat /run/traffic.log; grep -q good /run/result");
}

int lab_create(void **state, const struct lab_setup *setup)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	if (!lab)
		return -1;
	lab->setup = setup;
	daemon_init(&lab->daemon);
	if (!guest_kit_is_ready())
		lab->missing = "no guest kit; run tests/guest/kit.sh";
	else if (setup->guest.patched && !guest_kit_is_patched())
		lab->missing = "the patches do not apply to the kit's Linux";
	else if (access(daemon_binary(), X_OK) != 0)
		lab->missing = "the daemon is not built";
	*state = lab;
	return 0;
}

static void free_lab(struct lab *lab)
{
	daemon_clean(&lab->daemon);
	free(lab);
}

int lab_destroy(void **state)
{
	struct lab *lab = *state;
	bool failed;

	for (unsigned int i = 0; i < LAB_GUESTS; i++)
		lab_stop_guest(lab, i);
	drop_failed(lab);
	if (lab->daemon.pid)
		daemon_stop(&lab->daemon, SIGTERM);
	failed = lab->daemon_failed || lab->guest_failed;
	free_lab(lab);
	return failed ? -1 : 0;
}
