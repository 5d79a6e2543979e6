/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The order of start-up and shut-down, nothing else. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "spi-daemon/bus/controller.h"
#include "spi-daemon/keeper/child.h"
#include "spi-daemon/keeper/keeping.h"
#include "spi-daemon/keeper/succession.h"
#include "spi-daemon/sandbox/sandbox.h"
#include "spi-daemon/startup/launch.h"
#include "spi-daemon/startup/pid_file.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/config/options.h"
#include "spi-daemon/supervisor.h"

/* Begins the launch of this process, whichever of the three it is. */
static int begin(struct launch *launch, const struct options *options,
		 const struct child_legacy *legacy, struct passed_fds *passed,
		 char *error, size_t error_size)
{
	int ret;

	if (legacy->link >= 0) {
		launch_begin_kept(launch, &options->launch, legacy->link);
		return 0;
	}
	if (legacy->image >= 0) {
		launch_begin_again(launch, &options->launch, passed);
		return 0;
	}
	ret = passed_fds_add(passed, options, error, error_size);
	if (!ret)
		ret = launch_begin(launch, &options->launch, passed, error,
				   error_size);
	else
		launch_open_log(&options->launch);
	if (!ret)
		passed_fds_tell_unused(passed, options);
	return ret;
}

static int serve(struct options *options, int argc, char **argv,
		 const struct child_legacy *legacy, struct passed_fds *passed)
{
	const int link = legacy->link;
	struct launch launch;
	char error[512];
	int ret;

	log_set_level(options->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (!options->guest_count) {
		launch_open_log(&options->launch);
		log_error("--config=%s: describes no guest", options->config);
		return EXIT_FAILURE;
	}
	sandbox_use_looker(legacy->looker);
	ret = begin(&launch, options, legacy, passed, error, sizeof(error));
	if (ret < 0) {
		log_error("%s", error);
		return EXIT_FAILURE;
	}
	if (legacy->image >= 0 || (options->launch.keeper && link < 0))
		ret = keeping_run(options, argv, legacy->image, &launch, error,
				  sizeof(error));
	else
		ret = supervisor_run(options, argc, argv, &launch, error,
				     sizeof(error));
	launch_end(&launch);
	if (ret < 0 && error[0])
		log_error("%s", error);
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What a start, or a reload, would complain of before it opens anything. */
static int check(const struct options *options, int image)
{
	char error[512];

	for (unsigned int i = 0; i < options->guest_count; i++)
		if (controller_check(&options->guests[i], error,
				     sizeof(error)) ||
		    controller_check_files(&options->guests[i], error,
					   sizeof(error))) {
			log_error("%s", error);
			return EXIT_FAILURE;
		}
	if (image < 0 || !succession_try(image, error, sizeof(error)))
		return EXIT_SUCCESS;
	log_error("%s", error);
	return EXIT_FAILURE;
}

static int upgrade(const struct options *options)
{
	char error[512];

	if (!pid_file_signal(options->launch.pid_file, SIGUSR2, error,
			     sizeof(error)))
		return EXIT_SUCCESS;
	log_error("%s", error);
	return EXIT_FAILURE;
}

/* As QEMU's docs/interop/vhost-user.json says; there are no features. */
static const char capabilities[] = "{\"type\": \"spi\", \"features\": []}";

int main(int argc, char **argv)
{
	const struct child_legacy legacy = child_legacy();
	struct passed_fds passed = { NULL, 0 };
	struct options options;
	char error[512];
	int action, status = EXIT_SUCCESS;

	if (passed_fds_take(&passed)) {
		log_error("no memory for the descriptors that were passed");
		return EXIT_FAILURE;
	}
	action = options_parse(argc, argv, legacy.config, &options, error,
			       sizeof(error));
	if (legacy.config >= 0)
		close(legacy.config);
	if (action < 0) {
		launch_open_log(&options.launch);
		log_error("%s", error);
		return EXIT_FAILURE;
	}
	if (action == OPTIONS_HELP)
		fputs(options_help, stdout);
	else if (action == OPTIONS_VERSION)
		puts("vhost-device-spi " VERSION);
	else if (action == OPTIONS_CAPABILITIES)
		puts(capabilities);
	else if (action == OPTIONS_UPGRADE)
		status = upgrade(&options);
	else if (action == OPTIONS_CHECK)
		status = check(&options, legacy.image);
	else
		status = serve(&options, argc, argv, &legacy, &passed);
	passed_fds_fini(&passed);
	options_free(&options);
	return status;
}
