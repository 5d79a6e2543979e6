/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/stats/stats_rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/stats/prom_text.h"
#include "vhost/front/deadline.h"

#define STATS_SIZE (1u << 20)

void stats_spawn(struct rig *rig, const char *config)
{
	char conf[DAEMON_PATH_MAX + 16], stats[DAEMON_PATH_MAX + 32];
	const char *args[] = { conf, stats, NULL };

	config_write(rig, config);
	snprintf(conf, sizeof(conf), "--config=%s/conf", rig->daemon.dir);
	snprintf(stats, sizeof(stats), "--stats=%s/" STATS_FILE,
		 rig->daemon.dir);
	daemon_spawn(&rig->daemon, args);
}

void stats_start(struct rig *rig, const char *config)
{
	stats_spawn(rig, config);
	stats_wait_sample(rig, "start_time_seconds", true);
}

void stats_stop(struct rig *rig)
{
	for (unsigned int i = 0; i < RIG_FRONTS; i++)
		rig_close(rig, i);
	kill(rig->daemon.pid, SIGTERM);
	assert_int_equal(daemon_wait(&rig->daemon), 0);
	assert_int_not_equal(
		access(daemon_file(&rig->daemon, STATS_FILE), F_OK), 0);
}

/* All of the file, well-formed; "" if there is none. To be freed. */
static char *read_stats(struct rig *rig)
{
	FILE *file = fopen(daemon_file(&rig->daemon, STATS_FILE), "re");
	char *text = calloc(1, STATS_SIZE);

	assert_non_null(text);
	if (!file)
		return text;
	text[fread(text, 1, STATS_SIZE - 1, file)] = '\0';
	fclose(file);
	prom_text_check(text);
	return text;
}

bool stats_has(struct rig *rig, const char *name)
{
	char *text = read_stats(rig), sample[256];
	bool found;

	snprintf(sample, sizeof(sample), "vhost_device_spi_%s", name);
	found = prom_text_has(text, sample);
	free(text);
	return found;
}

double stats_value(struct rig *rig, const char *name)
{
	char *text = read_stats(rig), sample[256];
	double value;

	snprintf(sample, sizeof(sample), "vhost_device_spi_%s", name);
	value = prom_text_value(text, sample);
	free(text);
	return value;
}

void stats_check(struct rig *rig, const char *name, double value)
{
	if (stats_value(rig, name) != value)
		fail_msg("%s is %f, not %f", name, stats_value(rig, name),
			 value);
}

static void wait_value(struct rig *rig, const char *name, double value,
		       int signal)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (stats_value(rig, name) != value) {
		if (!deadline_left(deadline))
			fail_msg("%s stays %f, not %f", name,
				 stats_value(rig, name), value);
		kill(rig->daemon.pid, signal);
		usleep(10000);
	}
}

void stats_wait(struct rig *rig, const char *name, double value)
{
	wait_value(rig, name, value, SIGHUP);
}

void stats_wait_tick(struct rig *rig, const char *name, double value)
{
	wait_value(rig, name, value, 0);
}

void stats_wait_sample(struct rig *rig, const char *name, bool there)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (stats_has(rig, name) != there) {
		assert_true(deadline_left(deadline) > 0);
		usleep(10000);
	}
}
