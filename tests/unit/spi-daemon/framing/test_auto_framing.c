/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* cs=auto: what requests and answers show, and what they do not. */
#include <string.h>

#include "spi-daemon/config/key/cs_key.h"
#include "spi-daemon/framing/auto_framing.h"
#include "tests/lib/test.h"

/* A request. Without one: the driver begins anew. */
struct step {
	bool tx, rx, cs_change;
	uint8_t opcode;
	uint64_t len;
	const char *id; /* 3 bytes that are received, or NULL */
	const char *is; /* the framing behind it */
	uint8_t second; /* byte sent */
};

#define STEPS 9

#define TX(op, n, change, is)                           \
	{                                               \
		true, false, change, op, n, NULL, is, 0 \
	}
#define RX(n, change, is)                              \
	{                                              \
		false, true, change, 0, n, NULL, is, 0 \
	}
#define ID(id, n, change, is)                        \
	{                                            \
		false, true, change, 0, n, id, is, 0 \
	}
#define TPM(first, n, change, is)                            \
	{                                                    \
		true, true, change, first, n, NULL, is, 0xd4 \
	}
#define DUPLEX(op, n, change, is)                      \
	{                                              \
		true, true, change, op, n, NULL, is, 0 \
	}
#define RESET(is)                                      \
	{                                              \
		false, false, false, 0, 1, NULL, is, 0 \
	}

#define WINBOND "\xef\x40\x18"

struct scene {
	const char *name;
	struct step steps[STEPS];
};

static void play(const struct scene *scene)
{
	struct device_spec spec = { .path = NULL };
	struct counter shown = { 0 };
	struct chip chip = { .spec = &spec, .shown = &shown };
	struct controller controller = { .chips = &chip, .chip_count = 1 };
	struct chip_select cs = { .message = CS_CLOSED };
	char error[64];

	assert_int_equal(cs_key(&spec, "auto"), 0);
	assert_int_equal(cs_key_finish(&spec, error, sizeof(error)), 0);
	for (size_t i = 0; i < STEPS && scene->steps[i].len; i++) {
		const struct step *step = &scene->steps[i];
		struct cs_request request = {
			.tx = step->tx,
			.rx = step->rx,
			.cs_change = step->cs_change,
			.opcode = step->opcode,
			.second = step->second,
			.len = step->len,
		};
		struct cs_plan plan;
		uint8_t id[3] = { 0 };

		if (step->tx || step->rx)
			auto_framing_look(&chip, &request);
		request.framing = chip_framing(&chip);
		request.table = chip_table(&chip);
		plan = chip_select_plan(&cs, &request);

		if (step->id)
			memcpy(id, step->id, sizeof(id));
		if (step->tx || step->rx) {
			auto_framing_note(&chip, &request, &cs, id);
			chip_select_done(&cs, &request, &plan);
		} else {
			controller_begin_driver(&controller, false);
			chip_select_close(&cs);
		}
		if (strcmp(chip_shown_name(&chip), step->is) != 0)
			fail_msg("%s, step %zu: %s, not %s", scene->name, i,
				 chip_shown_name(&chip), step->is);
	}
	device_spec_free(&spec);
}

#define PLAY(scenes)                                                      \
	for (size_t n = 0; n < sizeof(scenes) / sizeof((scenes)[0]); n++) \
	play(&(scenes)[n])

static const struct scene flashes[] = {
	{ "Linux, U-Boot",
	  { TX(0x9f, 1, 0, "linux"), ID(WINBOND, 6, 0, "nor"),
	    TX(0x5a, 1, 0, "nor") } },
	{ "flashrom",
	  { TX(0x9f, 1, 0, "linux"), ID("\x20\xba\x18", 3, 0, "nor") } },
	{ "25-series of Adesto",
	  { TX(0x9f, 1, 0, "linux"), ID("\x1f\x47\x01", 3, 0, "nor") } },
	{ "one that nobody knows, with SFDP",
	  { TX(0x9f, 1, 0, "linux"), ID("\x25\x31\x44", 6, 0, "linux"),
	    TX(0x5a, 1, 0, "nor"), TX(0, 3, 0, "nor") } },
	{ "no id, with SFDP",
	  { TX(0x9f, 1, 0, "linux"), ID("\xff\xff\xff", 6, 0, "linux"),
	    TX(0x5a, 1, 0, "nor") } },
	{ "another driver was first",
	  { DUPLEX(0x05, 2, 0, "linux"), TX(0x9f, 1, 0, "linux"),
	    ID(WINBOND, 6, 0, "linux"), TX(0x5a, 1, 0, "nor") } },
	{ "it sleeps",
	  { TX(0x9f, 1, 0, "linux"), ID(WINBOND, 6, 0, "nor"), RESET("nor"),
	    TX(0x05, 1, 0, "nor"), RX(1, 0, "nor") } },
	{ "another driver reads it",
	  { TX(0x9f, 1, 0, "linux"), ID(WINBOND, 6, 0, "nor"), RESET("nor"),
	    TX(0x9f, 1, 0, "nor"), RX(6, 0, "nor") } },
};

static const struct scene dataflashes[] = {
	{ "Linux",
	  { TX(0x9f, 1, 0, "linux"), ID("\x1f\x25\x00", 5, 0, "at45"),
	    TX(0xd7, 1, 0, "at45"), RX(1, 0, "at45"), TX(0x53, 4, 0, "at45"),
	    TX(0x82, 4, 0, "at45"), TX(0xff, 11, 0, "at45") } },
	{ "flashrom",
	  { TX(0x9f, 1, 0, "linux"), ID("\x1f\x22\x00", 3, 0, "at45") } },
	{ "bound again",
	  { TX(0x9f, 1, 0, "linux"), ID("\x1f\x25\x00", 5, 0, "at45"),
	    RESET("at45"), TX(0x9f, 1, 0, "at45") } },
	{ "sends the end",
	  { TX(0x9f, 1, 0, "linux"), ID("\x1f\x25\x00", 5, 1, "spec") } },
	{ "the families beside it are others",
	  { TX(0x9f, 1, 0, "linux"), ID("\x1f\x47\x01", 5, 0, "nor") } },
};

static const struct scene nands[] = {
	{ "Linux",
	  { TX(0xff, 1, 0, "linux"), TX(0x0f, 1, 0, "linux"),
	    TX(0xc0, 1, 0, "linux"), RX(1, 0, "nand"), TX(0x0f, 1, 0, "nand"),
	    TX(0xc0, 1, 0, "nand"), RX(1, 0, "nand"), TX(0x9f, 1, 0, "nand"),
	    ID("\xc8\xd9\xff", 4, 0, "nand") } },
	{ "bound again",
	  { TX(0xff, 1, 0, "linux"), TX(0x0f, 1, 0, "linux"),
	    TX(0xc0, 1, 0, "linux"), RX(1, 0, "nand"), RESET("nand"),
	    TX(0xff, 1, 0, "nand"), TX(0x0f, 1, 0, "nand") } },
	{ "sends the end",
	  { TX(0xff, 1, 1, "linux"), TX(0x0f, 1, 0, "linux"),
	    TX(0xc0, 1, 0, "linux"), RX(1, 1, "spec") } },
	{ "sends the end, behind another",
	  { TX(0xff, 1, 0, "linux"), TX(0x0f, 1, 0, "linux"),
	    TX(0xc0, 1, 0, "linux"), RX(1, 0, "nand"), RESET("nand"),
	    TX(0xff, 1, 1, "nand"), TX(0x0f, 1, 0, "nand"),
	    TX(0xc0, 1, 0, "nand"), RX(1, 1, "spec") } },
};

static const struct scene no_nands[] = {
	{ "another register",
	  { TX(0xff, 1, 0, "linux"), TX(0x0f, 1, 0, "linux"),
	    TX(0xa0, 1, 0, "linux"), RX(1, 0, "linux") } },
	{ "more is read",
	  { TX(0xff, 1, 0, "linux"), TX(0x0f, 1, 0, "linux"),
	    TX(0xc0, 1, 0, "linux"), RX(2, 0, "linux") } },
	{ "nothing is read",
	  { TX(0xff, 1, 0, "linux"), TX(0x0f, 1, 0, "linux"),
	    TX(0xc0, 1, 0, "linux"), TX(0x9f, 1, 0, "linux") } },
	{ "two bytes at once",
	  { TX(0xff, 1, 0, "linux"), TX(0x0f, 2, 0, "linux"),
	    RX(1, 0, "linux") } },
	{ "not at first",
	  { TX(0x06, 1, 0, "linux"), TX(0xff, 1, 0, "linux"),
	    TX(0x0f, 1, 0, "linux"), TX(0xc0, 1, 0, "linux"),
	    RX(1, 0, "linux") } },
};

static const struct scene tpms[] = {
	{ "Linux",
	  { TPM(0x80, 4, 1, "transfer"), RX(1, 0, "transfer"),
	    RESET("transfer"), TPM(0x83, 4, 1, "transfer") } },
	{ "Linux writes", { TPM(0x00, 4, 1, "transfer") } },
	{ "sends the end",
	  { TPM(0x80, 4, 0, "spec"), RX(1, 1, "spec"), RESET("linux"),
	    TPM(0x80, 4, 0, "spec") } },
	{ "sends the end, behind another",
	  { TPM(0x80, 4, 1, "transfer"), RESET("transfer"),
	    TPM(0x80, 4, 0, "spec") } },
	{ "no TPM has that bit", { TPM(0xc0, 4, 1, "linux") } },
	{ "nor as many bytes", { TPM(0x80, 5, 1, "linux") } },
	{ "nor that address", { DUPLEX(0x80, 4, 1, "linux") } },
	{ "not at first",
	  { TX(0x06, 1, 0, "linux"), TPM(0x80, 4, 1, "linux") } },
};

static const struct scene others[] = {
	{ "2 bytes", { TX(0x9f, 1, 0, "linux"), ID(WINBOND, 2, 0, "linux") } },
	{ "7 bytes", { TX(0x9f, 1, 0, "linux"), ID(WINBOND, 7, 0, "linux") } },
	{ "no chip",
	  { TX(0x9f, 1, 0, "linux"), ID("\xff\xff\xff", 6, 0, "linux") } },
	{ "a chip that says nothing",
	  { TX(0x9f, 1, 0, "linux"), ID("\0\0\0", 6, 0, "linux") } },
	{ "one byte repeated",
	  { TX(0x9f, 1, 0, "linux"), ID("\xef\xef\xef", 6, 0, "linux") } },
	{ "no maker",
	  { TX(0x9f, 1, 0, "linux"), ID("\x12\x34\x56", 6, 0, "linux") } },
	{ "FRAM",
	  { TX(0x9f, 1, 0, "linux"), ID("\x7f\x7f\x7f", 6, 0, "linux") } },
	{ "AT45, but not at first",
	  { TX(0xd7, 1, 0, "linux"), RX(1, 0, "linux"), TX(0x9f, 1, 0, "linux"),
	    ID("\x1f\x25\x00", 5, 0, "linux") } },
	{ "AT45, of another maker",
	  { TX(0x9f, 1, 0, "linux"), ID("\x1e\x25\x00", 5, 0, "linux") } },
	{ "SFDP without an id before it",
	  { TX(0x9f, 1, 0, "linux"), ID(WINBOND, 2, 0, "linux"),
	    TX(0x5a, 1, 0, "linux") } },
	{ "5Ah is a register",
	  { TX(0x9f, 1, 0, "linux"), ID("\2\1\2", 6, 0, "linux"),
	    TX(0x5a, 2, 0, "linux") } },
	{ "an accelerometer",
	  { TX(0xf5, 1, 0, "linux"), RX(1, 0, "linux"), TX(0x9f, 1, 0, "linux"),
	    ID(WINBOND, 6, 0, "linux"), TX(0xd6, 1, 0, "linux"),
	    RX(2, 0, "linux"), TX(0x5a, 1, 0, "linux") } },
	{ "second message",
	  { TX(0x06, 1, 0, "linux"), TX(0x9f, 1, 0, "linux"),
	    ID(WINBOND, 6, 0, "linux") } },
	{ "second message behind an end",
	  { TX(0x06, 1, 1, "linux"), TX(0x9f, 1, 0, "linux"),
	    ID(WINBOND, 6, 0, "linux") } },
	{ "two bytes sent",
	  { TX(0x9f, 2, 0, "linux"), ID(WINBOND, 6, 0, "linux") } },
	{ "another command",
	  { TX(0x9e, 1, 0, "linux"), ID(WINBOND, 6, 0, "linux") } },
	{ "full duplex", { DUPLEX(0x9f, 4, 0, "linux"), RX(3, 0, "linux") } },
	{ "and received",
	  { TX(0x9f, 1, 0, "linux"), DUPLEX(0, 3, 0, "linux") } },
};

static const struct scene ends[] = {
	{ "Zephyr", { TX(0x0f, 1, 0, "linux"), RX(1, 1, "spec") } },
	{ "Zephyr, sent and received at once",
	  { DUPLEX(0x0f, 1, 0, "linux"), RX(1, 1, "spec") } },
	{ "an address apart",
	  { TX(0xff, 1, 1, "linux"), TX(0x0f, 1, 0, "linux"),
	    TX(0xa0, 2, 0, "linux"), RX(1, 1, "spec") } },
	{ "Zephyr's flash",
	  { TX(0x9f, 1, 0, "linux"), ID(WINBOND, 3, 1, "spec") } },
	{ "commands before it",
	  { TX(0xff, 1, 1, "linux"), DUPLEX(0, 4, 1, "linux"),
	    TX(0x0f, 2, 0, "linux"), RX(1, 1, "spec"), TX(0x02, 1, 0, "spec"),
	    TX(0, 8, 1, "spec") } },
	{ "a driver that does the same",
	  { TX(0x0f, 1, 0, "linux"), RX(1, 1, "spec"), RESET("linux"),
	    TX(0x0f, 1, 0, "linux"), RX(1, 1, "spec") } },
	{ "a command shows it again",
	  { TX(0x0f, 1, 0, "linux"), RX(1, 1, "spec"), RESET("linux"),
	    TX(6, 1, 1, "spec") } },
	{ "another driver",
	  { TX(0x0f, 1, 0, "linux"), RX(1, 1, "spec"), RESET("linux"),
	    TX(0x0f, 1, 0, "linux"), RX(1, 0, "linux"),
	    TX(0x10, 1, 0, "linux") } },
	{ "another driver's flash",
	  { TX(0x0f, 1, 0, "linux"), RX(1, 1, "spec"), RESET("linux"),
	    TX(0x9f, 1, 0, "linux"), ID(WINBOND, 6, 0, "nor") } },
	{ "a flash of two drivers",
	  { TX(0x9f, 1, 0, "linux"), ID(WINBOND, 6, 0, "nor"), RESET("nor"),
	    TX(0x9f, 1, 0, "nor"), ID(WINBOND, 3, 1, "spec") } },
};

/* What Linux's drivers do with cs_change=1 */
static const struct scene no_ends[] = {
	{ "adis: a release inside",
	  { TX(0x3e, 2, 1, "linux"), RX(2, 0, "linux"), TX(0x3e, 2, 0, "linux"),
	    RX(2, 1, "linux") } },
	{ "ad_sigma_delta: two writes first",
	  { TX(0xff, 4, 0, "linux"), TX(0x08, 2, 0, "linux"),
	    TX(0x58, 1, 0, "linux"), RX(3, 1, "linux") } },
	{ "adis: a write first",
	  { TX(0xbe, 2, 1, "linux"), TX(0xbf, 2, 0, "linux"),
	    TX(0x3e, 2, 1, "linux"), RX(2, 0, "linux") } },
	{ "tpm_tis_spi",
	  { DUPLEX(0x80, 4, 1, "linux"), DUPLEX(0, 1, 1, "linux"),
	    DUPLEX(0, 4, 0, "linux"), TX(0, 4, 0, "linux"),
	    RX(1, 1, "linux") } },
	{ "ad_sigma_delta",
	  { TX(0xff, 8, 0, "linux"), TX(0x45, 1, 0, "linux"), RX(1, 0, "linux"),
	    TX(0x58, 1, 0, "linux"), RX(3, 1, "linux") } },
	{ "two that send",
	  { TX(0x10, 1, 0, "linux"), TX(0x11, 1, 1, "linux"),
	    RX(1, 1, "linux") } },
	{ "sent and received at once",
	  { TX(0x10, 1, 0, "linux"), DUPLEX(0, 4, 1, "linux") } },
	{ "receives first", { RX(4, 0, "linux"), RX(4, 1, "linux") } },
};

TEST(flash_tells_its_id_to_the_first_message)
{
	PLAY(flashes);
}

TEST(dataflash_tells_its_id_to_the_first_message)
{
	PLAY(dataflashes);
}

TEST(nand_is_told_by_how_its_driver_begins)
{
	PLAY(nands);
}

TEST(other_beginnings_show_no_nand)
{
	PLAY(no_nands);
}

TEST(tpm_is_told_by_its_header)
{
	PLAY(tpms);
}

TEST(other_answers_show_nothing)
{
	PLAY(others);
}

TEST(guest_that_sends_the_end_is_taken_at_its_word)
{
	PLAY(ends);
}

TEST(other_uses_of_the_flag_show_nothing)
{
	PLAY(no_ends);
}

TEST(new_guest_has_shown_nothing)
{
	struct device_spec spec = { .framing = CS_AUTO };
	struct counter shown = { 0 };
	struct chip chip = { .spec = &spec, .shown = &shown };
	struct controller controller = { .chips = &chip, .chip_count = 1 };

	counter_set(&shown, AUTO_NOR);
	controller_begin_driver(&controller, false);
	assert_string_equal(chip_shown_name(&chip), "nor");
	controller_begin_driver(&controller, true);
	assert_string_equal(chip_shown_name(&chip), "linux");
}

TEST_MAIN(NULL, NULL)
