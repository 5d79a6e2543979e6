// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/initrd.h"

#include <errno.h>
#include <stdio.h>

#include "tests/lib/process.h"

#define WRITE_MS 60000

/* The kernel unpacks one archive after the other. */
static const char script[] =
	"set -e; path=$1 from=$2 kit=$3 modules=$4; "
	"mkdir \"$path.root\" \"$path.root/own\"; "
	"trap 'rm -rf \"$path.root\"' EXIT; "
	"cp \"$modules\"/*.ko \"$path.root/own/\"; "
	"cp \"$from\" \"$path\"; "
	"kit=$(cd \"$kit\" && pwd); "
	"(cd \"$path.root\" && find . | "
	"\"$kit/busybox\" cpio -o -H newc -R 0:0 2> /dev/null) | "
	"gzip -n -1 >> \"$path\"";

int initrd_add_modules(const char *path, const char *from, const char *kit,
		       const char *modules)
{
	const char *const argv[] = { "sh", "-c", script,  "sh", path,
				     from, kit,	 modules, NULL };
	char log[256];
	pid_t pid;

	snprintf(log, sizeof(log), "%s.log", path);
	pid = process_start(argv, log);
	if (pid > 0 && !process_wait(pid, WRITE_MS))
		return 0;
	process_show_log(modules, log);
	return -EIO;
}
