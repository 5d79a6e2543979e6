/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/keeper/copy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"

#define VARIABLE "VHOST_DEVICE_SPI"

void copy_configure(const struct rig *rig, const char *keys)
{
	FILE *file = fopen(daemon_file(&rig->daemon, "conf"), "w");

	assert_non_null(file);
	fprintf(file, "guest socket=%s,device=sim:loopback%s\n",
		daemon_socket(&rig->daemon, 0), keys);
	assert_int_equal(fclose(file), 0);
}

void copy_replace(const struct rig *rig)
{
	char command[512], copy[128];

	snprintf(copy, sizeof(copy), "%s", daemon_file(&rig->daemon, "copy"));
	snprintf(command, sizeof(command), "cp %s %s.new && mv %s.new %s",
		 daemon_binary(), copy, copy, copy);
	assert_int_equal(system(command), 0);
}

void copy_start(struct rig *rig, const char *keys)
{
	char copy[128], pid_file[160], file[160];
	char *before = getenv(VARIABLE);
	const char *args[] = { pid_file, file, "--keeper", NULL };

	before = before ? strdup(before) : NULL;
	copy_replace(rig);
	copy_configure(rig, keys);
	snprintf(copy, sizeof(copy), "%s", daemon_file(&rig->daemon, "copy"));
	snprintf(pid_file, sizeof(pid_file), "--pidfile=%s",
		 daemon_file(&rig->daemon, "pid"));
	snprintf(file, sizeof(file), "--config=%s",
		 daemon_file(&rig->daemon, "conf"));
	setenv(VARIABLE, copy, 1);
	daemon_spawn(&rig->daemon, args);
	if (before)
		setenv(VARIABLE, before, 1);
	else
		unsetenv(VARIABLE);
	free(before);
	daemon_wait_log(&rig->daemon, "serving 1 guest", 1);
}

int copy_upgrade(const struct rig *rig)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "%s --upgrade --pidfile=%s 2> /dev/null", daemon_binary(),
		 daemon_file(&rig->daemon, "pid"));
	return system(command);
}

void copy_stop(struct rig *rig)
{
	daemon_stop(&rig->daemon, SIGTERM);
}
