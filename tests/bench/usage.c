/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/usage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void die(pid_t pid, const char *what)
{
	fprintf(stderr, "process %d: no %s\n", (int)pid, what);
	exit(1);
}

/* The number behind @key, which begins a line of the file @name. */
static unsigned long number_of(pid_t pid, const char *name, const char *key)
{
	unsigned long number = 0;
	char line[256];
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%d/%s", (int)pid, name);
	file = fopen(line, "re");
	if (!file)
		die(pid, name);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			number = strtoul(line + strlen(key), NULL, 10);
	fclose(file);
	return number;
}

static unsigned int count_entries(pid_t pid, const char *name)
{
	unsigned int count = 0;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	dir = opendir(path);
	if (!dir)
		die(pid, name);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* Each time that a thread sleeps there is a wake-up, but for the last. */
static unsigned long count_sleeps(pid_t pid)
{
	unsigned long count = 0;
	struct dirent *entry;
	char path[320];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		die(pid, "task");
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "task/%s/status", entry->d_name);
		count += number_of(pid, path, "voluntary_ctxt_switches:");
	}
	closedir(dir);
	return count;
}

uint64_t usage_cpu_ns(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
		die(pid, "processor time");
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

struct usage usage_of(pid_t pid)
{
	static const char smaps[] = "smaps_rollup";

	return (struct usage){
		.threads = count_entries(pid, "task"),
		.fds = count_entries(pid, "fd"),
		.rss_kb = number_of(pid, smaps, "Rss:"),
		.pss_kb = number_of(pid, smaps, "Pss:"),
		.own_kb = number_of(pid, smaps, "Private_Clean:") +
			  number_of(pid, smaps, "Private_Dirty:"),
		.page_kb = number_of(pid, "status", "VmPTE:"),
		.wakeups = count_sleeps(pid),
		.cpu_ns = usage_cpu_ns(pid),
	};
}
