/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer: SPI messages through a vhost-user back end, from a shell. */
#include <stdio.h>

#include "spi-daemon/xfer/flash/flash_task.h"
#include "spi-daemon/xfer/link/xfer_report.h"
#include "spi-daemon/xfer/message/xfer_message.h"
#include "spi-daemon/xfer/options/vmm_args.h"
#include "spi-daemon/xfer/options/xfer_options.h"
#include "spi-daemon/xfer/script/script_run.h"
#include "spi-daemon/xfer/serprog/serprog_server.h"
#include "spi-daemon/xfer/watch/watch_run.h"

int main(int argc, char **argv)
{
	struct xfer_options options;
	char error[512];
	int code = XFER_EXIT_DONE;

	switch (xfer_options_parse(argc, argv, &options, error,
				   sizeof(error))) {
	case XFER_MESSAGE:
		code = xfer_message_run(&options);
		break;
	case XFER_SERPROG:
		code = serprog_server_run(&options.link, options.serprog,
					  options.chunk);
		break;
	case XFER_FLASH:
		code = flash_task_run(&options);
		break;
	case XFER_SCRIPT:
		code = script_run_file(&options);
		break;
	case XFER_INTERACTIVE:
		code = script_run_interactive(&options);
		break;
	case XFER_WATCH:
		code = watch_run(options.file);
		break;
	case XFER_QEMU_ARGS:
		vmm_args_qemu(options.file);
		break;
	case XFER_CLOUD_HYPERVISOR_ARGS:
		vmm_args_cloud_hypervisor(options.file);
		break;
	case XFER_HELP:
		fputs(xfer_options_help, stdout);
		break;
	case XFER_VERSION:
		puts("spi-xfer " VERSION);
		break;
	default:
		xfer_report("%s", error);
		return XFER_EXIT_USAGE;
	}
	xfer_options_free(&options);
	return code;
}
