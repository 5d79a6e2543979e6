// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* What a process in the sandbox cannot do any more, each tried in a child */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/spi/spidev.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/lib/host/sandbox.h"
#include "tests/unit/spi-daemon/sandbox/sandbox_world.h"

static int execute(const struct world *w)
{
	(void)w;
	return execl("/bin/true", "true", NULL);
}

static int make_process(const struct world *w)
{
	(void)w;
	return fork();
}

static int trace_parent(const struct world *w)
{
	(void)w;
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int make_network_socket(const struct world *w)
{
	(void)w;
	/* Not through socketcall(2), whose arguments are not looked at */
	return (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static int mount_something(const struct world *w)
{
	return mount("none", w->dir, "tmpfs", 0, NULL);
}

static int change_user(const struct world *w)
{
	(void)w;
	return setresuid(1, 1, 1);
}

static int kill_parent(const struct world *w)
{
	(void)w;
	return kill(getppid(), SIGTERM);
}

static int map_code(const struct world *w)
{
	(void)w;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int make_code(const struct world *w)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)w;
	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int push_to_terminal(const struct world *w)
{
	(void)w;
	return ioctl(STDIN_FILENO, 0x5412 /* TIOCSTI */, "x");
}

static int load_module(const struct world *w)
{
	(void)w;
	return (int)syscall(SYS_init_module, NULL, 0, "");
}

static int use_bpf(const struct world *w)
{
	(void)w;
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int make_namespace(const struct world *w)
{
	(void)w;
	return unshare(CLONE_NEWUSER);
}

static int make_process_in_namespace(const struct world *w)
{
	(void)w;
	return (int)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}

static int enter_namespace(const struct world *w)
{
	(void)w;
	return setns(STDIN_FILENO, 0);
}

static int change_root(const struct world *w)
{
	return chroot(w->dir);
}

static int read_process(const struct world *w)
{
	(void)w;
	return (int)process_vm_readv(getppid(), NULL, 0, NULL, 0, 0);
}

static int use_keys(const struct world *w)
{
	(void)w;
	return (int)syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static int use_io_uring(const struct world *w)
{
	(void)w;
	return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int use_performance_counters(const struct world *w)
{
	(void)w;
	return (int)syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0);
}

static int set_the_clock(const struct world *w)
{
	(void)w;
	return (int)syscall(SYS_clock_settime, 0, NULL);
}

static int become_dumpable(const struct world *w)
{
	(void)w;
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static const struct {
	const char *name;
	int (*attempt)(const struct world *);
	bool by_keeper; /* has to be possible in a keeper */
} attempts[] = {
	{ "execute", execute, true },
	{ "make a process", make_process, true },
	{ "signal a process", kill_parent, true },
	{ "become dumpable", become_dumpable, true },
	{ "trace a process", trace_parent, false },
	{ "read a process", read_process, false },
	{ "make a network socket", make_network_socket, false },
	{ "mount", mount_something, false },
	{ "change the root", change_root, false },
	{ "change the user", change_user, false },
	{ "map code", map_code, false },
	{ "make memory code", make_code, false },
	{ "push to a terminal", push_to_terminal, false },
	{ "load a module", load_module, false },
	{ "use bpf(2)", use_bpf, false },
	{ "make a namespace", make_namespace, false },
	{ "make a process in one", make_process_in_namespace, false },
	{ "enter a namespace", enter_namespace, false },
	{ "use keys", use_keys, false },
	{ "use io_uring", use_io_uring, false },
	{ "use performance counters", use_performance_counters, false },
	{ "set the clock", set_the_clock, false },
};

TEST_WITH(call_that_is_not_needed_ends_the_process, struct world *w)
{
	sandbox_need();
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		expect_sigsys(attempts[i].name, try(w, attempts[i].attempt));
		expect_sigsys(attempts[i].name,
			      try_in(enter_kept, w, attempts[i].attempt));
	}
}

TEST_WITH(call_that_is_not_needed_ends_a_keeper, struct world *w)
{
	sandbox_need();
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		if (attempts[i].by_keeper)
			continue;
		expect_sigsys(attempts[i].name, try_in(sandbox_enter_keeper, w,
						       attempts[i].attempt));
	}
}

/* Of other programs; those of keepers show that its own can be. */
static int execute_in_vain(const struct world *w)
{
	if (make_process(w) < 0)
		return 1;
	return execute(w) < 0 && errno == EACCES ? 0 : 2;
}

TEST_WITH(keeper_executes_its_own_program_alone, struct world *w)
{
	sandbox_need_landlock();
	assert_int_equal(try_in(sandbox_enter_keeper, w, execute_in_vain), 0);
}

static int do_what_is_needed(const struct world *w)
{
	int fd = eventfd(0, EFD_CLOEXEC); /* no spidev */

	(void)w;
	if (ioctl(fd, SPI_IOC_MESSAGE(1), NULL) != -1 || errno != ENOTTY)
		return 1;
	if (fcntl(fd, F_GETFL) < 0)
		return 2;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		return 3;
	return 0;
}

TEST_WITH(what_is_needed_goes_on, struct world *w)
{
	sandbox_need();
	assert_int_equal(try(w, do_what_is_needed), 0);
}

/* Returns a bit for each capability that is left, and all if more is wrong. */
static unsigned long long privileges_left(void)
{
	char line[128];
	unsigned long long effective = ~0ull, permitted = ~0ull,
			   bounding = ~0ull;
	int no_new_privs = 0;

	while (status_file && fgets(line, sizeof(line), status_file)) {
		sscanf(line, "CapPrm: %llx", &permitted);
		sscanf(line, "CapEff: %llx", &effective);
		sscanf(line, "CapBnd: %llx", &bounding);
		sscanf(line, "NoNewPrivs: %d", &no_new_privs);
	}
	/* Of no use without execve(2) */
	bounding &= ~(1ull << CAP_SYS_PTRACE | 1ull << CAP_DAC_OVERRIDE |
		      1ull << CAP_CHOWN | 1ull << CAP_FOWNER);
	if (geteuid())
		bounding = 0;
	return no_new_privs == 1 ? effective | permitted | bounding : ~0ull;
}

static bool keeps_only(const int *kept, size_t count)
{
	unsigned long long left = privileges_left();

	for (size_t i = 0; i < count; i++)
		left &= ~(1ull << kept[i]);
	return !left;
}

static int look_at_privileges(const struct world *w)
{
	static const int kept[] = { CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER,
				    CAP_SYS_RESOURCE };

	(void)w;
	return !keeps_only(kept, sizeof(kept) / sizeof(kept[0]));
}

static int look_at_privileges_of_kept(const struct world *w)
{
	static const int kept[] = { CAP_SYS_RESOURCE };

	(void)w;
	return !keeps_only(kept, 1);
}

TEST_WITH(privileges_are_dropped, struct world *w)
{
	sandbox_need();
	assert_int_equal(try(w, look_at_privileges), 0);
	assert_int_equal(try_in(enter_kept, w, look_at_privileges_of_kept), 0);
}

/*
 * From now on @call gives @error if its second argument, masked, is @flags: a
 * kernel that does not know it.
 */
static void refuse_call(unsigned int call, unsigned int mask,
			unsigned int flags, unsigned int error)
{
	const unsigned int at = offsetof(struct seccomp_data, args[1]);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, flags, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]),
					    code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(98);
}

static void enter_before_4_17(const struct options *options)
{
	refuse_call(SYS_seccomp, UINT32_MAX, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		    EINVAL);
	enter_alone(options);
}

TEST_WITH(filter_is_loaded_without_the_flag_that_the_kernel_lacks,
	  struct world *w)
{
	sandbox_need();
	expect_sigsys("execute", try_in(enter_before_4_17, w, execute));
}

/* Ends the process unless the sandbox says in one line what it lacks. */
static void enter_with_neither(const struct options *options)
{
	static const char expected[] =
		"vhost-device-spi: sandbox: without limits to files (Landlock) "
		"(Function not implemented), a filter of system calls "
		"(seccomp) (Function not implemented)\n";
	char line[sizeof(expected) + 1] = "";
	int ends[2];

	refuse_call(SYS_landlock_create_ruleset, 0, 0, ENOSYS);
	refuse_call(SYS_seccomp, 0, 0, ENOSYS);
	enter_alone(options);
	log_set_level(LOG_LEVEL_WARNING);
	if (pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0)
		_exit(97);
	sandbox_tell_missing();
	if (read(ends[0], line, sizeof(line)) != sizeof(expected) - 1 ||
	    strcmp(line, expected) != 0)
		_exit(96);
}

TEST_WITH(service_goes_on_with_a_line_where_the_kernel_has_neither,
	  struct world *w)
{
	sandbox_need();
	assert_int_equal(try_in(enter_with_neither, w, do_what_is_needed), 0);
	assert_int_equal(try_in(enter_with_neither, w, execute), 0);
}

TEST_WITH(off_is_off, struct world *w)
{
	int status;

	sandbox_need();
	w->options.sandbox = SANDBOX_OFF;
	status = try(w, execute);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_MAIN(setup, teardown)
