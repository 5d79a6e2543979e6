// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/sandbox/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/device/node/spidev_looker.h"
#include "spi-daemon/sandbox/call_filter.h"
#include "spi-daemon/sandbox/file_rules.h"
#include "spi-daemon/sandbox/privileges.h"
#include "spi-daemon/system/log.h"

/* Set before threads are made. */
static bool filters_calls;

/* What is done without, for sandbox_tell_missing() */
static char missing[256];

static void note_missing(const char *part, int ret)
{
	size_t len = strlen(missing);

	if (ret)
		snprintf(missing + len, sizeof(missing) - len, "%s%s (%s)",
			 len ? ", " : "", part, strerror(-ret));
}

void sandbox_tell_missing(void)
{
	if (missing[0])
		log_warning("sandbox: without %s", missing);
}

/* Now, or after a reload */
static bool may_have_spidev(const struct options *options)
{
	if (options->config)
		return true;
	for (unsigned int i = 0; i < options->guest_count; i++) {
		const struct device_list *list = options->guests[i].devices;

		for (unsigned int d = 0; d < list->count; d++)
			if (list->specs[d].kind == DEVICE_SPIDEV)
				return true;
	}
	return false;
}

/*
 * Has the C library load what it looks groups up with: no group has this name.
 * A reload may look for one, and code cannot be loaded then.
 */
static void load_group_modules(void)
{
	getgrnam("");
}

static void confine_looker(void)
{
	call_filter_enter(false);
}

static void enter(const struct options *options, bool keeper)
{
	const enum sandbox_mode mode = options->sandbox;
	const bool only_log = mode == SANDBOX_LOG;
	int ret;

	load_group_modules();
	note_missing("dropped capabilities", privileges_drop(!only_log));
	/* Nothing but the audit log of the kernel tells of files. */
	if (!only_log) {
		/* Landlock hides what other processes have open. */
		if (may_have_spidev(options) && spidev_looker_fd() < 0)
			note_missing("a look at who has a device open",
				     spidev_looker_start(confine_looker));
		note_missing("limits to files (Landlock)",
			     file_rules_enter(options, keeper));
	}
	ret = keeper ? call_filter_enter_keeper(only_log)
		     : call_filter_enter(only_log);
	filters_calls = !ret;
	note_missing("a filter of system calls (seccomp)", ret);
}

void sandbox_enter(const struct options *options)
{
	if (options->sandbox != SANDBOX_OFF)
		enter(options, false);
}

void sandbox_enter_guest_thread(bool connects)
{
	int ret = 0;

	/* syslog(3) connects again when the system log is restarted. */
	if (filters_calls)
		ret = call_filter_enter_guest_thread(connects ||
						     log_is_in_syslog());

	if (ret)
		log_warning("sandbox: without the filter of a guest's thread "
			    "(%s)",
			    strerror(-ret));
}

void sandbox_enter_keeper(const struct options *options)
{
	if (options->sandbox != SANDBOX_OFF)
		enter(options, true);
	sandbox_tell_missing();
}

void sandbox_enter_next_keeper(const struct options *options)
{
	if (options->sandbox == SANDBOX_OFF)
		return;
	privileges_drop(options->sandbox == SANDBOX_ON);
	call_filter_name_calls();
}

int sandbox_looker(void)
{
	return spidev_looker_fd();
}

void sandbox_use_looker(int fd)
{
	spidev_looker_use(fd);
}

int sandbox_check(const struct options *options, char *error, size_t error_size)
{
	char dir[256];

	if (file_rules_cover(options, dir, sizeof(dir)))
		return 0;
	/* What a reload brings may be in a place that is out of reach by then.
	 */
	snprintf(error, error_size,
		 "%s: Permission denied; the sandbox has the directories of "
		 "the start, so restart to use another",
		 dir);
	return -EACCES;
}
