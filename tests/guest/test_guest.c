// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * The daemon with real guests: QEMU's vhost-user-spi-pci and Linux with its
 * own spi-virtio, spi-nor and spidev drivers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/guest/lab.h"
#include "tests/lib/process.h"
#include "virtio/ring/virtio_wire.h"

#define BIT(n) (UINT64_C(1) << (n))

static void spi_nor_probes_the_chip_when_cs_is_nor(void **state)
{
	struct lab *lab = lab_open(state);
	const char *id;

	/* 16 MiB, from the JEDEC id and SFDP that the guest read. */
	lab_run(lab, lab->guests[0], SHORT_S,
		"grep '^mtd0: 01000000' /proc/mtd");
	id = lab_run(lab, lab->guests[0], SHORT_S,
		     "cat /sys/bus/spi/devices/spi0.0/spi-nor/jedec_id");
	assert_true(strlen(id) >= 6);
	assert_string_not_equal(id, "000000");
	assert_string_not_equal(id, "ffffff");
}

static void flash_reads_back_equal_when_erased_and_written(void **state)
{
	struct lab *lab = lab_open(state);

	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtd " FLASH " 0x10000 0x140000 1");
	/* Starts and ends within a page. */
	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtd " FLASH " 0x200000 70001 2");
	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtdcheck " FLASH " 0x10000 0x140000 1");
}

static void full_duplex_echoes_when_1_byte_to_64_kib(void **state)
{
	struct lab *lab = lab_open(state);

	lab_run(lab, lab->guests[0], LONG_S,
		"for n in 1 2 3 4 7 8 31 32 33 63 64 65 255 256 1000 4095 4096 "
		"4097 8192 10000 32768 65535 65536; do "
		"guest-spi duplex " ECHO " $n $n || exit 1; done");
}

static void full_duplex_echoes_when_in_each_mode(void **state)
{
	struct lab *lab = lab_open(state);

	lab_run(lab, lab->guests[0], SHORT_S,
		"for m in 0 1 2 3; do "
		"guest-spi duplex " ECHO " 1000 $m -m $m || exit 1; done; "
		"guest-spi duplex " ECHO " 100 9 -m 0");
}

static void full_duplex_echoes_when_8_16_and_32_bits_per_word(void **state)
{
	struct lab *lab = lab_open(state);

	lab_run(lab, lab->guests[0], SHORT_S,
		"for b in 8 16 32; do for n in 4 64 4096 65536; do "
		"guest-spi duplex " ECHO " $n $b -b $b || exit 1; done; done");
}

static void half_duplex_echoes_zeros_when_nothing_is_sent(void **state)
{
	struct lab *lab = lab_open(state);

	assert_string_equal(lab_run(lab, lab->guests[0], SHORT_S,
				    "guest-spi multi " ECHO " r:4"),
			    "00000000");
	lab_run(lab, lab->guests[0], SHORT_S,
		"guest-spi multi " ECHO " t:0102030405");
}

static void write_then_read_is_one_message_when_cs_is_linux(void **state)
{
	struct lab *lab = lab_open(state);

	/* The chip answers only if it stays selected in between. */
	assert_string_equal(lab_run(lab, lab->guests[0], SHORT_S,
				    "guest-spi writeread " CHIP " 9f 3"),
			    CHIP_ID);
	/* Status, after write enable in a message of its own. */
	lab_run(lab, lab->guests[0], SHORT_S, "guest-spi xfer " CHIP " 06");
	assert_string_equal(lab_run(lab, lab->guests[0], SHORT_S,
				    "guest-spi writeread " CHIP " 05 1"),
			    "02");
	lab_run(lab, lab->guests[0], SHORT_S, "guest-spi multi " CHIP " t:04");
	assert_string_equal(lab_run(lab, lab->guests[0], SHORT_S,
				    "guest-spi writeread " CHIP " 05 1"),
			    "00");
}

static void full_duplex_message_reads_the_chip_when_cs_is_linux(void **state)
{
	struct lab *lab = lab_open(state);

	assert_string_equal(lab_run(lab, lab->guests[0], SHORT_S,
				    "guest-spi xfer " CHIP
				    " 9f000000 | cut -c3-"),
			    CHIP_ID);
}

static void chip_reads_equal_when_programmed_through_spidev(void **state)
{
	struct lab *lab = lab_open(state);

	/* Sector erase, then page program, at 0x1000; wait for each. */
	lab_run(lab, lab->guests[0], SHORT_S,
		"idle() { while [ $(guest-spi writeread " CHIP
		" 05 1) != 00 ]; "
		"do :; done; }; set -e; "
		"guest-spi multi " CHIP " t:06; "
		"guest-spi multi " CHIP " t:20001000; idle; "
		"guest-spi multi " CHIP " t:06; "
		"guest-spi multi " CHIP " t:02001000a1b2c3d4; idle");
	assert_string_equal(lab_run(lab, lab->guests[0], SHORT_S,
				    "guest-spi writeread " CHIP " 03001000 6"),
			    "a1b2c3d4ffff");
}

/* How spi-mem and older drivers cut a flash command into transfers. */
static void flash_messages_of_any_cut_work_when_cs_is_nor(void **state)
{
	static const char *const reads[] = {
		"t:03 t:001000 r:4",	  "t:03001000 r:4",
		"t:0b t:001000 t:00 r:4", "t:0b t:00100000 r:4",
		"t:0b00100000 r:4",
	};
	struct lab *lab = lab_open(state);

	lab_run(lab, lab->guests[0], SHORT_S,
		"set -e; m=\"guest-spi multi " SHAPES "\"; "
		"idle() { while [ $($m t:05 r:1) != 00 ]; do :; done; }; "
		"$m t:06; $m t:20 t:001000; idle; "
		"$m t:06; $m t:02 t:001000 t:a1b2; idle; "
		"$m t:06; $m t:02001002 t:c3d4; idle");
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
		assert_string_equal(lab_run(lab, lab->guests[0], SHORT_S,
					    "guest-spi multi " SHAPES " %s",
					    reads[i]),
				    "a1b2c3d4");
	assert_string_equal(lab_run(lab, lab->guests[0], SHORT_S,
				    "guest-spi multi " SHAPES " t:9f r:3"),
			    CHIP_ID);
}

static void guest_works_when_qemu_stops_and_continues_in_traffic(void **state)
{
	struct lab *lab = lab_open(state);

	lab_start_traffic(lab, lab->guests[0]);
	for (int i = 0; i < 5; i++) {
		process_sleep_ms(137 * (i + 1));
		assert_int_equal(guest_qmp(lab->guests[0],
					   "{\"execute\":\"stop\"}", NULL, 0),
				 0);
		process_sleep_ms(300);
		assert_int_equal(guest_qmp(lab->guests[0],
					   "{\"execute\":\"cont\"}", NULL, 0),
				 0);
	}
	lab_stop_traffic(lab, lab->guests[0]);
	lab_run(lab, lab->guests[0], SHORT_S,
		"guest-spi mtd " FLASH " 0x300000 0x2000 3");
}

static void guest_works_when_the_driver_is_unbound_and_bound(void **state)
{
	struct lab *lab = lab_open(state);

	for (int i = 0; i < 3; i++) {
		lab_rebind(lab, lab->guests[0]);
		lab_run(lab, lab->guests[0], SHORT_S,
			"guest-spi duplex " ECHO " 5000 %d && "
			"guest-spi mtd " FLASH " 0x300000 0x1000 %d",
			i, i);
	}
}

static void flash_keeps_its_bytes_when_the_guest_reboots(void **state)
{
	struct lab *lab = lab_open(state);

	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtd " FLASH " 0x400000 0x8000 4");
	lab_check_drivers(lab, lab->guests[0]);
	assert_int_equal(guest_reboot(lab->guests[0]), 0);
	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtdcheck " FLASH " 0x400000 0x8000 4");
	lab_run(lab, lab->guests[0], SHORT_S,
		"guest-spi duplex " ECHO " 65536 5");
}

static void both_guests_work_when_two_run_at_once(void **state)
{
	struct lab *lab = lab_open(state);

	lab_boot(lab, 1);
	lab_start_traffic(lab, lab->guests[0]);
	lab_start_traffic(lab, lab->guests[1]);
	lab_run(lab, lab->guests[1], LONG_S,
		"for n in 1 100 5000 65536; do "
		"guest-spi duplex " ECHO " $n $n || exit 1; done");
	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtd " FLASH " 0x500000 0x8000 6");
	process_sleep_ms(2000);
	lab_stop_traffic(lab, lab->guests[1]);
	lab_stop_traffic(lab, lab->guests[0]);
}

static void next_guest_is_served_when_qemu_was_killed(void **state)
{
	struct lab *lab = lab_open(state);

	lab_start_traffic(lab, lab->guests[0]);
	for (int i = 0; i < 2; i++) {
		lab_boot(lab, 1);
		lab_start_traffic(lab, lab->guests[1]);
		process_sleep_ms(211 * (i + 1));
		assert_int_equal(guest_kill(lab->guests[1], SIGKILL), 0);
		lab_stop_guest(lab, 1);
		daemon_check_alive(&lab->daemon);
	}
	lab_boot(lab, 1);
	lab_run(lab, lab->guests[1], SHORT_S,
		"guest-spi duplex " ECHO " 65536 7");
	/* The other guest's traffic was not disturbed. */
	lab_stop_traffic(lab, lab->guests[0]);
}

static void flash_keeps_its_bytes_when_the_daemon_restarts(void **state)
{
	struct lab *lab = lab_open(state);

	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtd " FLASH " 0x600000 0x100000 8");
	lab_check_drivers(lab, lab->guests[0]);
	assert_int_equal(lab_stop_guest(lab, 0), 0);
	daemon_stop(&lab->daemon, SIGTERM);

	lab_open(state);
	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtdcheck " FLASH " 0x600000 0x100000 8");
}

static uint64_t features_of_first(void **state)
{
	struct lab *lab = lab_open(state);

	return lab_features(lab, lab->guests[0]);
}

static void guest_uses_split_rings_when_nothing_is_asked_for(void **state)
{
	assert_true(features_of_first(state) ==
		    (BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_INDIRECT_DESC) |
		     BIT(VIRTIO_F_EVENT_IDX)));
}

/* Without indirect descriptors: with both, Linux's driver breaks its queue. */
static void guest_uses_packed_rings_when_they_are_asked_for(void **state)
{
	/* Older kernels do not negotiate it. */
	const uint64_t in_order = BIT(VIRTIO_F_IN_ORDER);

	assert_true((features_of_first(state) | in_order) ==
		    (BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) |
		     BIT(VIRTIO_F_EVENT_IDX) | in_order));
}

/* The type of the IOMMU domain shows that the kernel's options took effect. */
static void guest_translates_when_it_has_an_iommu(void **state)
{
	struct lab *lab = lab_open(state);

	assert_true(lab_features(lab, lab->guests[0]) &
		    BIT(VIRTIO_F_ACCESS_PLATFORM));
	assert_string_equal(
		lab_run(lab, lab->guests[0], SHORT_S,
			"cat $(readlink -f /sys/bus/virtio/drivers/*spi*/"
			"virtio*)/../iommu_group/type"),
		strstr(lab->setup->guest.iommu, "strict=1") ? "DMA" : "DMA-FQ");
}

/* guest_stop() and lab_after_test() look for what guest_find_fault() finds. */
static void fault_is_found_when_the_kernel_logs_one(void **state)
{
	static const char log[] = "spi_virtio virtio0: id 3 is not a head!";
	struct lab *lab = lab_open(state);
	struct guest *g = lab_boot(lab, 1);
	char line[256];

	assert_false(guest_find_fault(g, line, sizeof(line)));
	lab_run(lab, g, SHORT_S, "echo '<3>%s' > /dev/kmsg", log);
	assert_true(guest_find_fault(g, line, sizeof(line)));
	assert_non_null(strstr(line, log));
	assert_int_equal(lab_stop_guest(lab, 1), -EBADMSG);
	assert_int_equal(lab_after_test(state), -1);
	assert_int_equal(lab_after_test(state), 0);
}

static const struct CMUnitTest iommu_tests[] = {
	lab_test(guest_translates_when_it_has_an_iommu),
	lab_test(spi_nor_probes_the_chip_when_cs_is_nor),
	lab_test(flash_reads_back_equal_when_erased_and_written),
	lab_test(full_duplex_echoes_when_1_byte_to_64_kib),
	lab_test(write_then_read_is_one_message_when_cs_is_linux),
	lab_test(flash_messages_of_any_cut_work_when_cs_is_nor),
	lab_test(guest_works_when_qemu_stops_and_continues_in_traffic),
	lab_test(guest_works_when_the_driver_is_unbound_and_bound),
	lab_test(flash_keeps_its_bytes_when_the_guest_reboots),
};

static const struct CMUnitTest packed_tests[] = {
	lab_test(guest_uses_packed_rings_when_they_are_asked_for),
	lab_test(flash_reads_back_equal_when_erased_and_written),
	lab_test(full_duplex_echoes_when_1_byte_to_64_kib),
	lab_test(guest_works_when_qemu_stops_and_continues_in_traffic),
};

static const struct CMUnitTest tests[] = {
	lab_test(guest_uses_split_rings_when_nothing_is_asked_for),
	lab_test(spi_nor_probes_the_chip_when_cs_is_nor),
	lab_test(flash_reads_back_equal_when_erased_and_written),
	lab_test(full_duplex_echoes_when_1_byte_to_64_kib),
	lab_test(full_duplex_echoes_when_in_each_mode),
	lab_test(full_duplex_echoes_when_8_16_and_32_bits_per_word),
	lab_test(half_duplex_echoes_zeros_when_nothing_is_sent),
	lab_test(write_then_read_is_one_message_when_cs_is_linux),
	lab_test(full_duplex_message_reads_the_chip_when_cs_is_linux),
	lab_test(chip_reads_equal_when_programmed_through_spidev),
	lab_test(flash_messages_of_any_cut_work_when_cs_is_nor),
	lab_test(guest_works_when_qemu_stops_and_continues_in_traffic),
	lab_test(guest_works_when_the_driver_is_unbound_and_bound),
	lab_test(flash_keeps_its_bytes_when_the_guest_reboots),
	lab_test(both_guests_work_when_two_run_at_once),
	lab_test(next_guest_is_served_when_qemu_was_killed),
	lab_test(fault_is_found_when_the_kernel_logs_one),
	lab_test(flash_keeps_its_bytes_when_the_daemon_restarts),
};

static int create_first(void **state)
{
	static const struct lab_setup setup = { .keys = NULL };

	return lab_create(state, &setup);
}

static int create_packed(void **state)
{
	static const struct lab_setup setup = {
		.daemon_options = { "--with=ring-packed,in-order" },
	};

	return lab_create(state, &setup);
}

/* Behind an IOMMU that forgets at once what is unmapped. */
static int create_strict(void **state)
{
	static const struct lab_setup setup = {
		.daemon_options = { "--with=access-platform,ring-packed,"
				    "in-order" },
		.guest.iommu =
			"intel_iommu=on iommu.strict=1 iommu.passthrough=0",
	};

	return lab_create(state, &setup);
}

/* Behind an IOMMU that forgets what is unmapped some time later. */
static int create_lazy(void **state)
{
	static const struct lab_setup setup = {
		.daemon_options = { "--with=access-platform" },
		.guest.iommu =
			"intel_iommu=on iommu.strict=0 iommu.passthrough=0",
	};

	return lab_create(state, &setup);
}

int main(void)
{
	/* Progress is shown as it is made, also into a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, create_first, lab_destroy) +
	       cmocka_run_group_tests(packed_tests, create_packed,
				      lab_destroy) +
	       cmocka_run_group_tests(iommu_tests, create_strict, lab_destroy) +
	       cmocka_run_group_tests(iommu_tests, create_lazy, lab_destroy);
}
