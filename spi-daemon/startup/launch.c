/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/startup/background.h"
#include "spi-daemon/startup/launch.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/startup/notify.h"
#include "spi-daemon/startup/pid_file.h"
#include "spi-daemon/startup/user.h"

void launch_open_log(const struct launch_options *options)
{
	/*
	 * Stderr leads to the journal, which is a system log and records the
	 * unit with each line. In the background there is no stderr.
	 */
	bool journal = log_find_journal();

	if (options->background || (options->syslog && !journal))
		log_to_syslog();
}

int launch_begin(struct launch *launch, const struct launch_options *options,
		 struct passed_fds *passed, char *error, size_t error_size)
{
	int ret = 0;

	*launch = (struct launch){
		.options = options,
		.background = -1,
		.pid_file = -1,
		.link = -1,
		.passed = passed,
	};
	if (options->background) {
		launch->background = background_start(passed);
		if (launch->background < 0) {
			snprintf(error, error_size, "--daemon: %s",
				 strerror(-launch->background));
			return launch->background;
		}
	}
	/* Only now: background_start() closes all descriptors. */
	launch_open_log(options);
	if (options->pid_file)
		ret = launch->pid_file =
			pid_file_make(options->pid_file, error, error_size);
	if (ret >= 0 && options->user) {
		ret = user_become(options->user, error, error_size);
		if (ret < 0)
			launch_end(launch);
	}
	return ret < 0 ? ret : 0;
}

void launch_begin_kept(struct launch *launch,
		       const struct launch_options *options, int link)
{
	*launch = (struct launch){
		.options = options,
		.background = -1,
		.pid_file = -1,
		.link = link,
	};
	launch_open_log(options);
}

void launch_begin_again(struct launch *launch,
			const struct launch_options *options,
			struct passed_fds *passed)
{
	launch_begin_kept(launch, options, -1);
	launch->passed = passed;
}

void launch_ready(struct launch *launch, const char *status)
{
	if (launch->link >= 0) {
		keeper_link_ready(launch->link, status);
	} else {
		if (launch->background >= 0)
			background_ready(launch->background);
		launch->background = -1;
		notify_ready(status);
	}
	log_started();
}

void launch_refused(const struct launch *launch, const char *status)
{
	if (launch->link >= 0)
		keeper_link_refuses(launch->link, status);
	else
		notify_ready(status);
}

int launch_reloading(const struct launch *launch)
{
	int copy = -1;

	if (launch->link >= 0)
		keeper_link_reloading(launch->link, &copy);
	else
		notify_reloading();
	return copy;
}

void launch_stopping(const struct launch *launch)
{
	if (launch->link < 0)
		notify_stopping();
}

void launch_end(struct launch *launch)
{
	pid_file_remove(launch->options->pid_file, launch->pid_file);
	launch->pid_file = -1;
	if (launch->link >= 0)
		close(launch->link);
	launch->link = -1;
}
