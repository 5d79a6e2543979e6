// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* try_driver, as a board's CI uses it: a driver of its own, and mistakes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/guest/guest.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"

#define PROGRAM	 "build/tests/guest/try_driver"
#define EXAMPLE	 "tests/guest/example"
#define BMP280	 "--chip=sim:regs,file=docs/chips/bmp280.regs"
#define LIMIT_MS 300000

struct world {
	char dir[64];
	char log[96];
	char text[1 << 16];
};

/* Runs the program with @args, up to a NULL. Returns its exit status. */
static int run(struct world *w, const char *const *args)
{
	const char *argv[16] = { PROGRAM };
	FILE *file;
	int status;

	for (int i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	status = process_wait(process_start(argv, w->log), LIMIT_MS);
	file = fopen(w->log, "r");
	assert_non_null(file);
	w->text[fread(w->text, 1, sizeof(w->text) - 1, file)] = '\0';
	fclose(file);
	return status;
}

static void check_says(const struct world *w, const char *text)
{
	if (!strstr(w->text, text))
		fail_msg("it does not say \"%s\", but:\n%s", text, w->text);
}

static void need_kit(void)
{
	if (!guest_kit_is_ready())
		skip_because("no kit: run tests/guest/kit.sh");
}

static void driver_of_one_s_own_works(void **state)
{
	struct world *w = *state;
	char modules[96], command[256];
	const char *const args[] = {
		"--module=spi-id",
		"--board=spi-id:1000000:0:command=0xd0",
		BMP280,
		"--check=id=$(cat $CHIP/id) && echo 'it is' $id && [ $id = 0x58 ]",
		modules,
		NULL
	};

	need_kit();
	snprintf(modules, sizeof(modules), "--modules=%s", w->dir);
	snprintf(command, sizeof(command),
		 "cp " EXAMPLE "/* %s && tests/guest/kit.sh --build %s >&2",
		 w->dir, w->dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(run(w, args), 0);
	check_says(w, "driver    spi-id\n");
	check_says(w, "check     it is 0x58\n");
	check_says(w, "messages, 1 of several transfers: as meant\n");
}

static void messages_that_differ_are_shown(void **state)
{
	struct world *w = *state;
	const char *const args[] = { "--module=bmp280_spi",
				     "--board=bmp280:1000000", BMP280,
				     "--cs=transfer", NULL };

	need_kit();
	assert_int_equal(run(w, args), 1);
	check_says(w, "driver    none took the chip\n");
	check_says(w, "          1 1                                1   <\n");
	check_says(w, "different: message 1: 1 1, the chip saw 1; FAILED\n");
}

static void mistakes_in_the_options_are_told(void **state)
{
	struct world *w = *state;
	const char *const none[] = { NULL };
	const char *const unknown[] = { "--modul=a", "--board=b", "--ship=c",
					NULL };
	const char *const lines[] = { "--module=a", "--board=b", "--chip=c",
				      "--check=true\ntrue", NULL };
	const char *const help[] = { "--help", NULL };

	assert_int_equal(run(w, none), 2);
	check_says(w, "Usage: try.sh --module=NAME");
	assert_int_equal(run(w, unknown), 2);
	assert_int_equal(run(w, lines), 2);
	check_says(w, "try.sh: --check has to be one line");
	assert_int_equal(run(w, help), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || process_make_dir(w->dir, sizeof(w->dir)) < 0)
		return -1;
	snprintf(w->log, sizeof(w->log), "%s/log", w->dir);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	free(w);
	return system(command);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(driver_of_one_s_own_works,
						setup, teardown),
		cmocka_unit_test_setup_teardown(messages_that_differ_are_shown,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			mistakes_in_the_options_are_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
