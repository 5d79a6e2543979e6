/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/config/key/access_key.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/files/files.h"

/* The highest number is no id: it means that there is none. */
#define ID_MAX ((id_t)-2)

static int parse_id(const char *text, id_t *id)
{
	const char *problem;

	*id = (id_t)strtonum(text, 0, ID_MAX, &problem);
	return problem ? -EINVAL : 0;
}

int access_key_mode(const char *text, mode_t *mode)
{
	char *end;

	*mode = (mode_t)strtoul(text, &end, 8);
	/* Connecting needs write permission. */
	return text[strspn(text, "01234567")] || !*mode || *mode > 0777
		       ? -EINVAL
		       : 0;
}

int access_key_group(const char *text, gid_t *group)
{
	return files_group(text, group) ? parse_id(text, group) : 0;
}

int access_key_user(const char *text, uid_t *user)
{
	return files_user(text, user) ? parse_id(text, user) : 0;
}
