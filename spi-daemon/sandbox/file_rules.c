// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/sandbox/file_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spi-daemon/files/files.h"

/* What the headers of an older kernel lack */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

#define ABI_REFER     2
#define ABI_TRUNCATE  3
#define ABI_IOCTL_DEV 5

/* Kinds of use */
#define READ	   (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

#define EXECUTE	   (READ | LANDLOCK_ACCESS_FS_EXECUTE)
#define USE	   (READ | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define USE_DEVICE (USE | LANDLOCK_ACCESS_FS_IOCTL_DEV)
#define MAKE_FILES                                                         \
	(USE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define MAKE_SOCKETS                                                         \
	(READ | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE)

/* No right of Landlock, which does not limit that */
#define CONNECT (1ULL << 63)

/* What is being made; or, with ->fd = -1, compared with what was made */
struct rules {
	int fd;
	uint64_t handled; /* kinds of access that the kernel can refuse */
	bool none;	  /* are added: all of these are refused */
	int error;	  /* of the first rule that failed; or 0 */
	char *beyond;	  /* a directory that is out of reach; NULL: none */
};

/* A directory that may be used. They are of the whole process, for good. */
static struct reach {
	char *dir;
	uint64_t access;
} * reaches;

static size_t reach_count;
static uint64_t refusable; /* accesses; 0: no file is refused */

static int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? -errno : (int)abi;
}

static uint64_t accesses_of(int abi)
{
	uint64_t all = LANDLOCK_ACCESS_FS_REFER - 1;

	if (abi >= ABI_REFER)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		all |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi >= ABI_IOCTL_DEV)
		all |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return all;
}

/* Its real path, or @dir, which may be made later. The caller frees it. */
static char *name_of(const char *dir)
{
	char *real = realpath(dir, NULL);

	return real ? real : strdup(dir);
}

static int note_reach(const char *dir, uint64_t access)
{
	struct reach *more =
		reallocarray(reaches, reach_count + 1, sizeof(*reaches));
	char *real = name_of(dir);

	if (more)
		reaches = more;
	if (!more || !real) {
		free(real);
		return -ENOMEM;
	}
	reaches[reach_count++] = (struct reach){ real, access };
	return 0;
}

static bool is_beneath(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

static bool reaches_to(const char *dir, uint64_t access)
{
	for (size_t i = 0; i < reach_count; i++)
		if (is_beneath(dir, reaches[i].dir))
			access &= ~reaches[i].access;
	return !access;
}

static void compare(struct rules *rules, const char *dir, uint64_t access)
{
	char *real = rules->beyond ? NULL : files_real(dir);

	if (real && !reaches_to(real, access))
		rules->beyond = real;
	else
		free(real);
}

static int add_rule(const struct rules *rules, int dir, uint64_t access)
{
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = access & rules->handled,
		.parent_fd = dir,
	};

	if (rules->none || !rule.allowed_access)
		return 0;
	return syscall(SYS_landlock_add_rule, rules->fd,
		       LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		       ? -errno
		       : 0;
}

/*
 * Files of a directory that is not there cannot be used, and are missed when
 * they are opened. A program may make one later, and listen in it.
 */
static void allow(struct rules *rules, const char *dir, uint64_t access)
{
	int ret, fd;

	access &= rules->handled | CONNECT;
	if (rules->fd < 0) {
		compare(rules, dir, access);
		return;
	}
	fd = open(dir, O_PATH | O_CLOEXEC);
	if (fd < 0)
		access &= CONNECT;
	ret = fd < 0 ? 0 : add_rule(rules, fd, access);
	if (!ret && access)
		ret = note_reach(dir, access);
	if (!rules->error)
		rules->error = ret;
	if (fd >= 0)
		close(fd);
}

static void allow_directory_of(struct rules *rules, const char *path,
			       uint64_t access)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	if (!slash) {
		allow(rules, ".", access);
		return;
	}
	dir = strndup(path, (size_t)(slash - path) + 1);
	if (dir)
		allow(rules, dir, access);
	else
		rules->error = -ENOMEM;
	free(dir);
}

/* @file, and what it is a link to; NULL: there is none */
static void allow_file(struct rules *rules, const char *file, uint64_t access)
{
	char *target;

	if (!file)
		return;
	allow_directory_of(rules, file, access);
	target = files_real(file);
	if (target)
		allow_directory_of(rules, target, access);
	free(target);
}

static void allow_device(struct rules *rules, const struct device_spec *spec)
{
	if (spec->kind == DEVICE_SPIDEV)
		allow_file(rules, spec->path, USE_DEVICE);
	allow_file(rules, spec->chip.file,
		   spec->kind == DEVICE_SIM_REGS ? READ : MAKE_FILES);
	allow_file(rules, spec->trace, MAKE_FILES);
	/* A reload reads it again. */
	allow_file(rules, spec->table_file, READ);
	if (spec->kind == DEVICE_SIM_SOCKET)
		allow_directory_of(rules, spec->socket.path, CONNECT);
}

/* With @reloads, a reload may bring a trace: beside the socket is a place. */
static void allow_guest(struct rules *rules, const struct guest_spec *guest,
			bool reloads)
{
	const bool has_file = guest->origin == VHOST_FROM_FILE;

	if (has_file)
		allow_file(rules, guest->socket, MAKE_SOCKETS);
	if (has_file && reloads)
		allow_file(rules, guest->socket, MAKE_FILES | CONNECT);
	if (guest->origin == VHOST_FROM_LISTENER)
		allow_directory_of(rules, guest->socket, CONNECT);
	for (unsigned int i = 0; i < guest->devices->count; i++)
		allow_device(rules, &guest->devices->specs[i]);
}

/* What the C library reads: names of groups, the time zone, modules for names
 */
static void allow_system(struct rules *rules)
{
	static const char *const read_only[] = {
		"/etc", "/usr", "/lib", "/lib64", "/proc", "/sys",
	};

	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++)
		allow(rules, read_only[i], READ);
	allow(rules, "/dev/null", USE_DEVICE & ~LANDLOCK_ACCESS_FS_READ_DIR);
}

static void allow_guests_and_traces(struct rules *rules,
				    const struct options *options)
{
	for (unsigned int i = 0; i < options->trace_count; i++)
		allow_file(rules, options->traces[i], MAKE_FILES);
	for (unsigned int i = 0; i < options->guest_count; i++)
		allow_guest(rules, &options->guests[i],
			    options->config != NULL);
}

static void allow_all(struct rules *rules, const struct options *options)
{
	allow_system(rules);
	allow_file(rules, options->config, READ);
	/* A reload may bring a device. */
	if (options->config)
		allow(rules, "/dev", USE_DEVICE);
	allow_file(rules, options->stats, MAKE_FILES);
	allow_file(rules, options->launch.pid_file, MAKE_FILES);
	allow_guests_and_traces(rules, options);
}

/* Called for this program, and then, if we let it, for its libraries. */
static int find_loader(struct dl_phdr_info *info, size_t size, void *loader)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			*(const char **)loader =
				(const char *)(info->dlpi_addr +
					       info->dlpi_phdr[i].p_vaddr);
	return 1;
}

/* This program and the next one, which takes its place, and what loads them */
static void allow_programs(struct rules *rules)
{
	const char *loader = NULL;
	char *program = realpath("/proc/self/exe", NULL);

	if (program)
		allow_file(rules, program, EXECUTE);
	else /* this user cannot reach its path, so there is no next one */
		allow(rules, "/proc/self/exe",
		      EXECUTE & ~LANDLOCK_ACCESS_FS_READ_DIR);
	free(program);
	dl_iterate_phdr(find_loader, &loader);
	allow_file(rules, loader, EXECUTE);
}

int file_rules_enter(const struct options *options, enum file_use use)
{
	int abi = landlock_abi();
	struct landlock_ruleset_attr attr = { 0 };
	struct rules rules = { .none = use == FILES_NOT };

	if (abi < 0)
		return abi;
	attr.handled_access_fs = rules.handled = accesses_of(abi);
	rules.fd = (int)syscall(SYS_landlock_create_ruleset, &attr,
				sizeof(attr), 0);
	if (rules.fd < 0)
		return -errno;
	allow_all(&rules, options);
	if (use == FILES_STARTED)
		allow_programs(&rules);
	if (!rules.error &&
	    syscall(SYS_landlock_restrict_self, rules.fd, 0) < 0)
		rules.error = -errno;
	close(rules.fd);
	if (!rules.error)
		refusable = rules.handled;
	return rules.error;
}

bool file_rules_let_connect(const char *path)
{
	struct rules rules = { .fd = -1 };
	bool lets;

	if (refusable)
		allow_directory_of(&rules, path, CONNECT);
	lets = !rules.beyond;
	free(rules.beyond);
	return lets;
}

bool file_rules_cover(const struct options *options, char *dir, size_t size)
{
	struct rules rules = { .fd = -1, .handled = refusable };

	if (refusable)
		allow_guests_and_traces(&rules, options);
	if (!rules.beyond)
		return true;
	snprintf(dir, size, "%s", rules.beyond);
	free(rules.beyond);
	return false;
}
