/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "spi-daemon/config/guest/device_key.h"
#include "spi-daemon/config/key/cs_key.h"
#include "spi-daemon/config/key/sim_key.h"
#include "spi-daemon/files/files.h"

#define NOR_SIZE_DEFAULT    (16u << 20)
#define EEPROM_SIZE_DEFAULT (32u << 10)

#define SOCKET_PREFIX	    "sim:socket="

static int check_socket(struct device_spec *spec, char *error,
			size_t error_size)
{
	const char *path = spec->path + strlen(SOCKET_PREFIX);

	spec->socket.path = path;
	if (*path && strlen(path) <= SIM_SOCKET_PATH_MAX)
		return 0;
	snprintf(error, error_size,
		 "%.140s: the path has to have 1 to %d bytes", spec->path,
		 SIM_SOCKET_PATH_MAX);
	return -EINVAL;
}

/* The simulated chips, and what they have unless a key says otherwise */
static const struct sim {
	const char *path;
	enum device_kind kind;
	const char *cs;
	uint64_t size;
} sims[] = {
	{ "sim:loopback", DEVICE_SIM_LOOPBACK, "linux", 0 },
	{ "sim:nor", DEVICE_SIM_NOR, "nor", NOR_SIZE_DEFAULT },
	{ "sim:eeprom", DEVICE_SIM_EEPROM, "eeprom", EEPROM_SIZE_DEFAULT },
	{ "sim:nand", DEVICE_SIM_NAND, "nand", SIM_NAND_SIZE_MAX },
	{ "sim:regs", DEVICE_SIM_REGS, "linux", 0 },
};

#define SIM_COUNT (sizeof(sims) / sizeof(sims[0]))

static int parse_sim(struct device_spec *spec, const char *path, char *error,
		     size_t error_size)
{
	if (!strncmp(path, SOCKET_PREFIX, strlen(SOCKET_PREFIX))) {
		spec->kind = DEVICE_SIM_SOCKET;
		spec->socket.timeout_ms = DEVICE_TIMEOUT_MS_DEFAULT;
		return 0;
	}
	for (size_t i = 0; i < SIM_COUNT; i++) {
		if (strcmp(path, sims[i].path) != 0)
			continue;
		spec->kind = sims[i].kind;
		spec->chip.size = sims[i].size;
		return cs_key(spec, sims[i].cs);
	}
	snprintf(error, error_size, "%.64s is not one of ", path);
	for (size_t i = 0; i < SIM_COUNT; i++) {
		strlcat(error, sims[i].path, error_size);
		strlcat(error, ", ", error_size);
	}
	strlcat(error, SOCKET_PREFIX "PATH", error_size);
	return -EINVAL;
}

static int parse_path(struct device_spec *spec, const char *path, char *error,
		      size_t error_size)
{
	if (!*path) {
		snprintf(error, error_size, "the path is empty");
		return -EINVAL;
	}
	if (!strncmp(path, "sim:", 4)) {
		int ret = parse_sim(spec, path, error, error_size);

		if (ret)
			return ret;
	}
	spec->path = strdup(path);
	if (!spec->path)
		return -ENOMEM;
	if (spec->kind == DEVICE_SIM_SOCKET)
		return check_socket(spec, error, error_size);
	return 0;
}

int device_spec_parse(const char *text, struct device_spec *spec, char *error,
		      size_t error_size)
{
	unsigned int seen = 0;
	char *copy = strdup(text);
	char *rest = copy;
	char *item;
	int ret = copy ? 0 : -ENOMEM;

	*spec = (struct device_spec){
		.kind = DEVICE_SPIDEV,
		.framing = CS_LINUX,
		.cs_hold_ms = DEVICE_CS_HOLD_MS_DEFAULT,
		.cs_high = CS_HIGH_DEFAULT,
		.max_request = DEVICE_MAX_REQUEST_DEFAULT,
		.max_message_ms = DEVICE_MAX_MESSAGE_MS_DEFAULT,
		.op_max_ms = DEVICE_OP_MAX_MS_DEFAULT,
	};
	if (!ret)
		ret = parse_path(spec, strsep(&rest, ","), error, error_size);
	while (!ret && (item = strsep(&rest, ",")))
		ret = device_key_parse(spec, item, &seen, error, error_size);
	if (!ret)
		ret = cs_key_finish(spec, error, error_size);
	if (!ret)
		ret = sim_key_finish(spec, error, error_size);
	free(copy);
	if (ret == -ENOMEM)
		snprintf(error, error_size, "out of memory");
	if (ret)
		device_spec_free(spec);
	return ret;
}

/*
 * Writes a path to @key that is the same for all paths of @file, which need not
 * exist: the real path of its directory, and its name.
 */
static void file_key(const char *file, char *key, size_t size)
{
	const char *base = strrchr(file, '/');
	char *dir = base ? strndup(file, (size_t)(base - file) + 1)
			 : strdup(".");
	char *real = dir ? files_real(dir) : NULL;

	snprintf(key, size, "%s/%s", real ? real : "",
		 base && real ? base + 1 : file);
	free(real);
	free(dir);
}

void device_spec_key(const struct device_spec *spec, const char *owner,
		     unsigned int index, char *key, size_t size)
{
	struct stat st;

	/* The file of registers describes them, for any number of chips. */
	if (spec->chip.file && spec->kind != DEVICE_SIM_REGS)
		file_key(spec->chip.file, key, size);
	else if (spec->kind == DEVICE_SIM_SOCKET)
		file_key(spec->socket.path, key, size);
	else if (spec->kind != DEVICE_SPIDEV)
		snprintf(key, size, "%s: %s %u", spec->path, owner, index);
	else if (!files_stat(spec->path, &st) && S_ISCHR(st.st_mode))
		snprintf(key, size, "char %u:%u", major(st.st_rdev),
			 minor(st.st_rdev));
	else
		strlcpy(key, spec->path, size);
}

static bool is_same_chip(const struct sim_chip_config *a,
			 const struct sim_chip_config *b)
{
	return a->size == b->size && a->page == b->page &&
	       a->id_len == b->id_len && !memcmp(a->id, b->id, a->id_len) &&
	       a->unlocked == b->unlocked && a->bad_count == b->bad_count &&
	       !memcmp(a->bad, b->bad, a->bad_count * sizeof(*a->bad));
}

const char *device_spec_conflict(const struct device_spec *a,
				 const struct device_spec *b)
{
	if (a->exclusive || b->exclusive)
		return "is exclusive";
	if (a->framing != b->framing || !cs_table_equal(a->table, b->table))
		return "has another cs=";
	if (a->cs_high != b->cs_high)
		return "has another cs-high=";
	if (a->host_shared != b->host_shared)
		return "has another host-shared=";
	if (strcmp(a->sim_bus ? a->sim_bus : "", b->sim_bus ? b->sim_bus : ""))
		return "has another bus=";
	if (a->timing != b->timing)
		return "has another timing=";
	if (strcmp(a->trace ? a->trace : "", b->trace ? b->trace : ""))
		return "has another trace=";
	if (a->kind != b->kind || !is_same_chip(&a->chip, &b->chip))
		return "is another kind of chip";
	if (a->socket.timeout_ms != b->socket.timeout_ms)
		return "has another timeout=";
	return NULL;
}

void device_spec_free(struct device_spec *spec)
{
	free(spec->path);
	free(spec->table_name);
	free(spec->table_file);
	cs_table_free(spec->table);
	cs_table_free(spec->nand_table);
	cs_table_free(spec->at45_table);
	free(spec->chip_file);
	free(spec->sim_bus);
	free(spec->trace);
	memset(spec, 0, sizeof(*spec));
}
