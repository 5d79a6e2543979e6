/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Machines in a chroot whose root is an ordinary directory, as debootstrap
 * makes it: no mount point, on a file system that is mounted elsewhere.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/init/machine.h"
#include "tests/lib/host/mounts.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define SCRIPT	"/etc/init.d/vhost-device-spi"

#define DIFFERS 40 /* exit status: the mounts outside changed */
#define ERROR	41 /* exit status: the chroot could not be made */

/* Shows the directory or link "/@name" in the directory @root as well. */
static int show_in(const char *root, const char *name)
{
	char from[300], to[400], target[300] = "";
	struct stat st;

	snprintf(from, sizeof(from), "/%s", name);
	snprintf(to, sizeof(to), "%s/%s", root, name);
	if (lstat(from, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode))
		return readlink(from, target, sizeof(target) - 1) < 0
			       ? -1
			       : symlink(target, to);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (mkdir(to, 0755) < 0)
		return -1;
	return mount(from, to, NULL, MS_BIND | MS_REC, NULL);
}

/* A directory @dir/root with what is in /, on a mount that propagates. */
static int make_root(const char *dir, char *root, size_t size)
{
	struct dirent *entry;
	DIR *top = opendir("/");
	int ret = -1;

	snprintf(root, size, "%s/root", dir);
	if (mount("tmpfs", dir, "tmpfs", 0, NULL) < 0 ||
	    mount("none", dir, NULL, MS_SHARED, NULL) < 0 ||
	    mkdir(root, 0755) < 0 || !top)
		return -1;
	do {
		entry = readdir(top);
		ret = !entry || entry->d_name[0] == '.'
			      ? 0
			      : show_in(root, entry->d_name);
	} while (entry && !ret);
	closedir(top);
	return ret;
}

static int count_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	int c, lines = 0;

	while (file && (c = getc(file)) != EOF)
		lines += c == '\n';
	if (file)
		fclose(file);
	return lines;
}

/* Runs @inside in the chroot, in a process of its own. */
static int run_in(const char *dir, int (*inside)(void))
{
	char root[128], cwd[500];
	int before, status = 0;
	pid_t pid;

	if (!getcwd(cwd, sizeof(cwd)) || mounts_make_private() < 0 ||
	    make_root(dir, root, sizeof(root)) < 0)
		return ERROR;
	before = count_mounts();
	pid = fork();
	if (pid == 0)
		_exit(chroot(root) < 0 || chdir(cwd) < 0 ? ERROR : inside());
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status))
		return ERROR;
	return before == count_mounts() ? WEXITSTATUS(status) : DIFFERS;
}

/* Returns the exit status of @inside, DIFFERS or ERROR. */
static int in_chroot(int (*inside)(void))
{
	char dir[64] = "/tmp/vspi-chroot-XXXXXX";
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		skip_because("not root, cannot make a chroot");
	}
	assert_non_null(mkdtemp(dir));
	pid = fork();
	if (pid == 0)
		_exit(run_in(dir, inside));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rmdir(dir);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* As `unshare -m` does in machine.sh: fails where / is no mount point. */
static int set_propagation(void)
{
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0;
}

TEST(root_of_a_chroot_is_no_mount_point)
{
	assert_int_equal(in_chroot(set_propagation), 1);
}

static int set_propagation_after(void)
{
	return mounts_make_private() < 0 || set_propagation();
}

TEST(chroot_gets_mounts_of_its_own)
{
	assert_int_equal(in_chroot(set_propagation_after), 0);
}

static int run_machine(void)
{
	struct machine m;
	int status;

	if (machine_start(&m, "busybox") < 0)
		return 1;
	if (*m.missing)
		print_message("%s\n", m.missing);
	/* That the daemon does not run is for the machine's script to say. */
	status = *m.missing ? 2 : machine_run(&m, SCRIPT " status");
	machine_stop(&m);
	return status;
}

TEST(machine_runs_in_a_chroot)
{
	assert_int_equal(in_chroot(run_machine), 3);
}

TEST_MAIN(NULL, NULL)
