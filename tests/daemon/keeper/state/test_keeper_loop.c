/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Processes and programs that cannot serve, and what ends that. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lib/daemon/flash_rig.h"
#include "tests/lib/keeper/copy.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/keeper/puppet.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

TEST_WITH(process_that_never_starts_is_replaced, struct rig *rig)
{
	char keys[40];

	snprintf(keys, sizeof(keys), "\nkeeper-timeout %u",
		 killer_hang_timeout());
	puppet_start(rig, keys);
	rig_open(rig, 0);
	puppet_hold(rig, "child");
	kill(daemon_child(&rig->daemon), SIGKILL);
	puppet_wait(rig, "child");
	daemon_wait_log(&rig->daemon, "hangs, and is killed", 1);
	puppet_release(rig, "child");
	rig_check_loopback(&rig->fronts[0], 10);
	rig_close(rig, 0);
	copy_stop(rig);
}

/* Has the process die until each start waits for some seconds. */
static void make_loop(struct rig *rig)
{
	puppet_break(rig);
	kill(daemon_child(&rig->daemon), SIGKILL);
	daemon_wait_log(&rig->daemon, "is started in 2 s", 1);
}

TEST_WITH(upgrade_ends_a_crash_loop, struct rig *rig)
{
	puppet_start(rig, "");
	rig_open(rig, 0);
	make_loop(rig);
	puppet_replace(rig);
	kill(rig->daemon.pid, SIGUSR2);
	daemon_wait_log(&rig->daemon, "the keeper runs the new binary", 2);
	rig_check_loopback(&rig->fronts[0], 10);
	rig_close(rig, 0);
	copy_stop(rig);
}

/* The process is started again when it is time. */
TEST_WITH(upgrade_that_is_refused_leaves_a_crash_loop_alone, struct rig *rig)
{
	puppet_start(rig, "");
	rig_open(rig, 0);
	puppet_break(rig);
	kill(daemon_child(&rig->daemon), SIGKILL);
	daemon_wait_log(&rig->daemon, "is started in 1 s", 1);
	puppet_mend(rig);
	copy_configure(rig, ",no-such-key=1");
	kill(rig->daemon.pid, SIGUSR2);
	daemon_wait_log(&rig->daemon, "not upgraded: ", 1);
	rig_check_loopback(&rig->fronts[0], 10);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "nothing was changed: ", 1);
	rig_check_loopback(&rig->fronts[0], 10);
	rig_close(rig, 0);
	copy_stop(rig);
}

TEST_WITH(reload_ends_a_crash_loop, struct rig *rig)
{
	char image[128], keys[256];

	snprintf(image, sizeof(image), "%s",
		 daemon_file(&rig->daemon, "image"));
	snprintf(
		keys, sizeof(keys),
		"\nguest socket=%s,device=sim:nor,size=64K,file=%s\nsandbox off",
		daemon_socket(&rig->daemon, 1), image);
	puppet_start(rig, "");
	rig_open(rig, 0);
	copy_configure(rig, keys);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read", 1);
	/* It has told so when it takes the next signal. */
	kill(rig->daemon.pid, SIGUSR1);
	daemon_wait_log(&rig->daemon, ", upgrades 1", 1);
	assert_int_equal(truncate(image, 100), 0);
	kill(daemon_child(&rig->daemon), SIGKILL);
	daemon_wait_log(&rig->daemon, "is started in 2 s", 1);
	copy_configure(rig, "\nsandbox off");
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read", 2);
	rig_check_loopback(&rig->fronts[0], 10);
	rig_close(rig, 0);
	copy_stop(rig);
}

/*
 * The next program serves one guest less, has another chip and admits nobody,
 * but shows the first guest another config space: all stays as it was.
 */
TEST_WITH(undone_upgrade_takes_nothing_away, struct rig *rig)
{
	struct virtio_spi_wire_config config;
	struct spi_front *front;
	char keys[400];

	copy_start(rig, "");
	snprintf(keys, sizeof(keys),
		 "\nguest socket=%s1,device=sim:nor,size=64K\n"
		 "guest socket=%s2,device=sim:loopback",
		 rig->daemon.socket, rig->daemon.socket);
	copy_configure(rig, keys);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "serving 3 guests", 1);
	front = rig_open(rig, 0);
	assert_int_equal(spi_front_config(front, &config), 0);
	front = rig_open(rig, 1);
	flash_program(front, 0, 0x5a);
	rig_check_loopback(rig_open(rig, 2), 10);
	snprintf(keys, sizeof(keys),
		 ",max-speed=1M\nguest socket=%s1,peer-uid=12345,"
		 "device=sim:nor,size=128K",
		 rig->daemon.socket);
	copy_configure(rig, keys);
	assert_int_equal(copy_upgrade(rig), 0);
	daemon_wait_log(&rig->daemon, "the one before is started again", 1);
	daemon_wait_log(&rig->daemon, "are served again", 1);
	rig_check_loopback(&rig->fronts[0], 10);
	rig_check_loopback(&rig->fronts[2], 10);
	assert_int_equal(flash_byte(front, 0, 0), 0x5a);
	for (unsigned int i = 0; i < 3; i++)
		rig_close(rig, i);
	copy_stop(rig);
}

/* What was told to the process then is no part of what the keeper knows. */
TEST_WITH(memory_can_go_while_the_keeper_is_replaced, struct rig *rig)
{
	struct front_region alias;
	struct spi_front *front;

	puppet_start(rig, "");
	front = rig_open(rig, 0);
	alias = front->mem.regions[0];
	alias.guest_addr += UINT64_C(1) << 32;
	assert_int_equal(front_add_region(&front->fe, &alias), 0);
	puppet_hold(rig, "probe");
	kill(rig->daemon.pid, SIGUSR2);
	puppet_wait(rig, "probe");
	assert_int_equal(front_remove_region(&front->fe, &alias), 0);
	puppet_release(rig, "probe");
	daemon_wait_log(&rig->daemon, "the keeper runs the new binary", 2);
	rig_check_loopback(front, 10);
	rig_close(rig, 0);
	copy_stop(rig);
}

int main(int argc, char **argv)
{
	(void)argc;
	puppet_play(argv);
	return test_run(rig_setup_idle, rig_teardown);
}
