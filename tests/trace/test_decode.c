/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Traces of a daemon, read by tools that know nothing of it: sigrok-cli, whose
 * decoders of SPI and of flash chips tell which commands were sent, and
 * GTKWave's vcd2fst.
 */
#include <signal.h>
#include <stdio.h>

#include "tests/lib/daemon/flash_rig.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/trace/sigrok.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

static void need(const char *tool)
{
	if (!tool_is_there(tool))
		skip_because("no %s here", tool);
}

static void start(struct rig *rig)
{
	char device[200], trace[200];
	const char *const args[] = { device, trace, NULL };

	snprintf(device, sizeof(device), "--device=sim:nor,size=1M,trace=%s",
		 daemon_file(&rig->daemon, "chip.vcd"));
	snprintf(trace, sizeof(trace), "--trace=%s",
		 daemon_file(&rig->daemon, "all.vcd"));
	daemon_start(&rig->daemon, 1, args);
}

/* Each command in one transfer; a read in two, as Linux has it. */
static void work(struct spi_front *front)
{
	static const uint8_t read[] = { 0x03, 0x01, 0x23, 0x00 };
	uint8_t answer[4];

	flash_read(front, FLASH_BYTES(0x9f, 0, 0, 0));
	flash_send(front, FLASH_BYTES(0x06));
	flash_send(front, FLASH_BYTES(0x02, 0x01, 0x23, 0x00, 0xca, 0xfe));
	flash_wait(front);
	rig_tx(front, 0, read, sizeof(read));
	rig_rx(front, 1, answer, sizeof(answer));
	flash_send(front, FLASH_BYTES(0x06));
	flash_send(front, FLASH_BYTES(0x20, 0x04, 0x50, 0x00));
	flash_wait(front);
}

static void flash_commands_are_decoded(void **state)
{
	static const char *const files[] = { "all.vcd", "chip.vcd" };
	struct rig *rig = *state;
	const char *text;

	need("sigrok-cli");
	start(rig);
	work(rig_open(rig, 0));
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	for (size_t i = 0; i < 2; i++) {
		text = sigrok_read_flash(daemon_file(&rig->daemon, files[i]));
		text_expect(text, "Command: Read identification (RDID)", 1);
		text_expect(text, "Manufacturer ID: 0xef", 1);
		text_expect(text, "Command: Write enable (WREN)", 2);
		text_expect(text,
			    "Page program (addr 0x012300, 2 bytes): ca fe\n",
			    1);
		text_expect(text,
			    "Read data (addr 0x012300, 4 bytes): "
			    "ca fe ff ff\n",
			    1);
		text_expect(text, "Command: Sector erase (SE)", 1);
		text_expect(text, "Address: 0x045000", 1);
	}
}

static void file_is_converted_for_gtkwave(void **state)
{
	static const char *const names[] = { " cs0 ",  " clk ", " mosi ",
					     " miso ", " io2 ", " io3 " };
	struct rig *rig = *state;
	const char *text;

	need("vcd2fst");
	need("fst2vcd");
	start(rig);
	work(rig_open(rig, 0));
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	text = gtkwave_convert(daemon_file(&rig->daemon, "all.vcd"));
	text_expect(text, "$scope module sim_nor $end", 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		text_expect(text, names[i], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_IDLE(flash_commands_are_decoded),
		RIG_TEST_IDLE(file_is_converted_for_gtkwave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
