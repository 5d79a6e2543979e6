// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/sandbox/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "spi-daemon/device/node/spidev_looker.h"
#include "spi-daemon/files/files.h"
#include "spi-daemon/files/opener.h"
#include "spi-daemon/sandbox/call_filter.h"
#include "spi-daemon/sandbox/file_rules.h"
#include "spi-daemon/sandbox/privileges.h"
#include "spi-daemon/system/log.h"
#include "vhost/listen/connect.h"
#include "virtio/mem/file_kind.h"

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

/* Has the C library do now what it could not do in the sandbox. */
static void prepare_library(void)
{
	/* It loads what it looks groups up with: no group has this name. */
	getgrnam("");
	/* It reads the time zone, as strftime(3) would. */
	tzset();
#ifdef M_ARENA_MAX
	/* Other arenas read /proc/sys/vm/overcommit_memory when they shrink. */
	mallopt(M_ARENA_MAX, 1);
#endif
}

static void confine_looker(const void *arg)
{
	const struct options *options = arg;

	call_filter_enter(CALL_OF_OPENER, options->sandbox == SANDBOX_LOG);
}

static void confine_opener(const void *arg)
{
	const struct options *options = arg;
	const bool only_log = options->sandbox == SANDBOX_LOG;

	if (!only_log)
		file_rules_enter(options, FILES_OPENED);
	call_filter_enter(CALL_OF_OPENER, only_log);
}

static bool admits(const struct file_call *call)
{
	return call->op != FILE_CONNECT || file_rules_let_connect(call->path);
}

/* Without an opener; the keeper starts another process. */
static void end_process(void)
{
	log_error("the process that opens files has ended, so this one does");
	_exit(EXIT_FAILURE);
}

static void tell_loss(void)
{
	log_error("the process that opens files has ended: none is opened any "
		  "more, until you restart the service");
}

/* Starts the process that opens files for this one. */
static int start_opener(const struct options *options, bool kept)
{
	const struct opener opener = {
		.confine = confine_opener,
		.arg = options,
		.admits = admits,
		.lost = kept ? end_process : tell_loss,
	};
	int ret = opener_start(&opener);

	if (ret)
		return ret;
	file_kind_read_by(files_read);
	vhost_connect_by(files_connect);
	log_to_syslog_by(files_syslog);
	return 0;
}

/* Starts the processes that do what @maker may not do itself. */
static int start_helpers(const struct options *options, enum call_maker maker)
{
	int ret = 0;

	if (may_have_spidev(options) && spidev_looker_fd() < 0)
		note_missing("a look at who has a device open",
			     spidev_looker_start(confine_looker, options));
	privileges_drop(PRIVILEGED_FILES, false);
	if (maker < CALL_OF_KEEPER)
		ret = start_opener(options, maker == CALL_OF_SERVER);
	if (maker == CALL_OF_SERVER)
		privileges_drop(PRIVILEGED_SERVER, false);
	return ret;
}

static int enter(const struct options *options, enum call_maker maker,
		 enum file_use use)
{
	const bool only_log = options->sandbox == SANDBOX_LOG;
	int ret;

	prepare_library();
	note_missing("dropped capabilities",
		     privileges_drop(PRIVILEGED_LOOKER, !only_log));
	ret = start_helpers(options, maker);
	if (ret)
		return ret;
	/* Nothing but the audit log of the kernel tells of files. */
	if (!only_log)
		note_missing("limits to files (Landlock)",
			     file_rules_enter(options, use));
	ret = call_filter_enter(maker, only_log);
	filters_calls = !ret;
	note_missing("a filter of system calls (seccomp)", ret);
	return 0;
}

int sandbox_enter(const struct options *options, bool kept)
{
	if (options->sandbox == SANDBOX_OFF)
		return 0;
	return kept ? enter(options, CALL_OF_SERVER, FILES_NOT)
		    : enter(options, CALL_OF_LISTENER, FILES_OPENED);
}

void sandbox_enter_guest_thread(void)
{
	int ret = filters_calls ? call_filter_enter_guest_thread() : 0;

	if (ret)
		log_warning("sandbox: without the filter of a guest's thread "
			    "(%s)",
			    strerror(-ret));
}

void sandbox_enter_keeper(const struct options *options)
{
	if (options->sandbox != SANDBOX_OFF)
		enter(options, CALL_OF_KEEPER, FILES_STARTED);
	sandbox_tell_missing();
}

void sandbox_enter_next_keeper(const struct options *options)
{
	if (options->sandbox == SANDBOX_OFF)
		return;
	privileges_drop(PRIVILEGED_FILES, options->sandbox == SANDBOX_ON);
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
