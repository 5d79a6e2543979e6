/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/daemon/config_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

void config_write(struct rig *rig, const char *text)
{
	FILE *file = fopen(daemon_file(&rig->daemon, "conf"), "w");

	assert_non_null(file);
	for (const char *c = text; *c; c++) {
		if (c[0] == '%' && c[1] == 's') {
			fputs(rig->daemon.dir, file);
			c++;
		} else {
			fputc(*c, file);
		}
	}
	fclose(file);
}

struct spi_front *config_open(struct rig *rig, unsigned int slot,
			      const char *name)
{
	char path[DAEMON_PATH_MAX + 32];
	struct spi_front_options options = rig_options(rig, 0);

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, name));
	options.path = path;
	return rig_open_with(rig, slot, &options);
}
