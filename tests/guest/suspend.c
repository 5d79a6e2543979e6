// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/suspend.h"

#include <errno.h>
#include <stdio.h>

#include "tests/lib/process.h"

#define SLEEP_MS  60000
#define COMMAND_S 60

/* The kernel's line, a debug message, when all is ready for a wake-up */
#define IDLE_LINE "PM: suspend-to-idle"

/*
 * A shell command that binds the driver of the control port again: after a
 * sleep it takes the port for closed.
 */
#define OPEN_PORT                                     \
	"cd /sys/bus/virtio/drivers/virtio_console; " \
	"v=$(echo virtio*); echo $v > unbind; echo $v > bind"

#define KEY                                                   \
	"{\"execute\":\"send-key\",\"arguments\":{\"keys\":[" \
	"{\"type\":\"qcode\",\"data\":\"a\"}]}}"

/* A sleep that has begun */
struct sleep {
	struct guest *guest;
	unsigned int ended;  /* earlier sleeps: lines of the console */
	unsigned int failed; /* of these */
	int64_t deadline;
};

#define ENDED_LINE  "guest awake: "
#define FAILED_LINE ENDED_LINE "1"

/* Begins to write @word to /sys/power/state, after the command @before. */
static int begin(struct sleep *s, struct guest *g, const char *before,
		 const char *word)
{
	s->guest = g;
	s->ended = guest_count_lines(g, ENDED_LINE);
	s->failed = guest_count_lines(g, FAILED_LINE);
	s->deadline = process_now_ms() + SLEEP_MS;
	/* The answer to this command comes before the guest sleeps. */
	return guest_run(
		g, NULL, 0, COMMAND_S,
		"dmesg -n 8; echo 1 > /sys/power/pm_debug_messages; "
		"%s; (sleep 0.2; echo %s > /sys/power/state; s=$?; " OPEN_PORT
		"; echo \"" ENDED_LINE "$s\") "
		"> /dev/console 2>&1 &",
		before, word);
}

/* Waits until there are more lines with @text than @before */
static int wait_for_line(struct sleep *s, const char *text, unsigned int before)
{
	while (guest_count_lines(s->guest, text) == before) {
		if (process_now_ms() > s->deadline)
			return -ETIMEDOUT;
		process_sleep_ms(20);
	}
	return 0;
}

static int end(struct sleep *s)
{
	int err = wait_for_line(s, ENDED_LINE, s->ended);

	if (!err)
		err = guest_wait(s->guest);
	if (!err && guest_count_lines(s->guest, FAILED_LINE) != s->failed)
		err = -EIO;
	return err;
}

/* Returns when the guest is about to wake up. */
static int pass_through_idle(struct sleep *s, struct guest *g)
{
	unsigned int before = guest_count_lines(g, IDLE_LINE);
	int err = begin(s, g,
			"echo none > /sys/power/pm_test; echo enabled > "
			"/sys/devices/platform/i8042/serio0/power/wakeup",
			"freeze");

	if (!err)
		err = wait_for_line(s, IDLE_LINE, before);
	return err ? err : guest_qmp(g, KEY, NULL, 0);
}

int suspend_to_idle(struct guest *g)
{
	struct sleep s;
	int err = pass_through_idle(&s, g);

	return err ? err : end(&s);
}

int suspend_without_waiting(struct guest *g)
{
	struct sleep s;

	return pass_through_idle(&s, g);
}

int suspend_test_hibernation(struct guest *g, const char *level)
{
	char before[128];
	struct sleep s;
	int err;

	snprintf(before, sizeof(before),
		 "echo %s > /sys/power/pm_test; "
		 "echo 0 > /sys/module/hibernate/parameters/pm_test_delay",
		 level);
	err = begin(&s, g, before, "disk");
	return err ? err : end(&s);
}
