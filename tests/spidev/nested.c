/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/spidev/nested.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/guest.h"
#include "tests/lib/daemon/daemon.h"
#include "tests/lib/qemu/qemu.h"
#include "tests/spidev/board.h"

struct outside {
	char initrd[128];
	struct daemon daemon;
	struct guest *guest;
};

static struct outside outside;

static struct bench bench = {
	.machine = &outside,
	.device = "spi0.0",
	.id = "ef4018",
	.max_speed = 50000000,
	.bufsiz = 131072,
	.has_sfdp = true,
};

static int run(void *machine, char *out, size_t size, int timeout_s,
	       const char *command)
{
	struct outside *o = machine;

	return guest_run(o->guest, out, size, timeout_s, "%s", command);
}

static void show_log(void *machine)
{
	struct outside *o = machine;

	guest_show_logs(o->guest);
	daemon_show_log(&o->daemon);
}

/* The kernel unpacks one archive after the other: the guest's, and ours. */
static int join_initramfs(struct outside *o, const char *kit)
{
	char command[PATH_MAX + 256];

	snprintf(o->initrd, sizeof(o->initrd), "%s",
		 daemon_file(&o->daemon, "initramfs"));
	snprintf(command, sizeof(command),
		 "cat \"$(tests/guest/kit.sh --print)/initramfs.cpio.gz\" "
		 "'%s/amd64/initramfs' > '%s'",
		 kit, o->initrd);
	return system(command) ? -1 : 0;
}

static int start_guest(struct outside *o)
{
	static const char *const options[] = {
		"--device=sim:nor,size=16M,cs=transfer,cs-hold=5000",
		NULL,
	};
	const char *const args[] = { "-initrd", o->initrd, NULL };
	struct guest_config config = {
		.name = "inner",
		.chips = "0:dh2228fv:50000000",
		.extra_args = args,
	};

	daemon_start(&o->daemon, 1, options);
	config.sockets[0] = daemon_socket(&o->daemon, 0);
	o->guest = guest_start(&config);
	return o->guest ? 0 : -1;
}

int nested_setup(void **state)
{
	char kit[PATH_MAX];

	*state = &bench;
	bench.run = run;
	bench.show_log = show_log;
	if (qemu_find_kit(BOARD_KIT, kit, sizeof(kit)) ||
	    !guest_kit_is_ready()) {
		bench.missing = "no kit; run tests/guest/kit.sh and "
				"tests/spidev/kit.sh";
		return 0;
	}
	daemon_init(&outside.daemon);
	if (join_initramfs(&outside, kit))
		return -1;
	return start_guest(&outside);
}

int nested_teardown(void **state)
{
	int status;

	(void)state;
	status = guest_stop(outside.guest);
	if (outside.daemon.pid)
		daemon_stop(&outside.daemon, SIGTERM);
	if (outside.daemon.dir[0])
		daemon_clean(&outside.daemon);
	return status ? -1 : 0;
}
