// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/sandbox/call_filter.h"

#include <errno.h>

#ifdef WITH_SECCOMP
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spi-daemon/sandbox/call_list.h"
#include "spi-daemon/system/log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Which guest threads load in addition */
static struct sock_fprog guest_filter; /* no ->filter: none */

/* By number; NULL: unknown to the library */
#define NAMES 512
static char *names[NAMES];

/*
 * Returns the number of a call; __NR_SCMP_ERROR if this machine has none. On a
 * machine with socketcall(2), which is i386 or s390 for one, the library has
 * numbers below zero that mean both ways to call. Arguments are not looked at
 * in a socketcall(2), since they are in memory.
 */
static int number_of(const char *name)
{
	return name ? seccomp_syscall_resolve_name(name) : __NR_SCMP_ERROR;
}

static int allow_any(scmp_filter_ctx ctx, const char *name)
{
	int call = number_of(name);

	return call == __NR_SCMP_ERROR
		       ? 0
		       : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0);
}

static int allow_if(scmp_filter_ctx ctx, const char *name,
		    unsigned int argument, uint64_t mask, uint64_t value)
{
	const struct scmp_arg_cmp arg =
		SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);
	int call = number_of(name);

	return call == __NR_SCMP_ERROR
		       ? 0
		       : seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, 1,
						&arg);
}

static int allow_restricted(scmp_filter_ctx ctx,
			    const struct restricted_call *list,
			    enum call_maker maker)
{
	int ret = 0;

	for (const struct restricted_call *r = list; !ret && r->name; r++) {
		if (r->maker > maker)
			continue;
		ret = allow_if(ctx, r->name, r->argument, r->mask, r->value);
		if (!ret)
			ret = allow_if(ctx, r->name32, r->argument, r->mask,
				       r->value);
	}
	return ret;
}

static int allow_with_arguments(scmp_filter_ctx ctx, enum call_maker maker)
{
	int ret = allow_restricted(ctx, call_list_restricted, maker);

	if (!ret && maker == CALL_OF_KEEPER)
		ret = allow_restricted(ctx, call_list_of_keeper, maker);
	/* The keeper's children have other numbers. */
	if (!ret && maker != CALL_OF_KEEPER)
		ret = allow_if(ctx, "tgkill", 0, UINT32_MAX,
			       (uint64_t)getpid());
	/* The C library falls back to clone(2), whose flags can be seen. */
	if (!ret && number_of("clone3") != __NR_SCMP_ERROR)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
				       number_of("clone3"), 0);
	return ret;
}

static int allow(scmp_filter_ctx ctx, enum call_maker maker)
{
	int ret = allow_with_arguments(ctx, maker);

	for (const struct call *call = call_list; !ret && call->name; call++)
		if (call->maker <= maker)
			ret = allow_any(ctx, call->name);
	return ret;
}

/* Reads the instructions that the library has written to @fd. */
static int read_program(int fd, struct sock_fprog *program)
{
	off_t size = lseek(fd, 0, SEEK_END);

	*program = (struct sock_fprog){ 0 };
	if (size < 0)
		return -errno;
	program->filter = malloc((size_t)size);
	if (!program->filter)
		return -ENOMEM;
	if (pread(fd, program->filter, (size_t)size, 0) != size) {
		free(program->filter);
		program->filter = NULL;
		return -EIO;
	}
	program->len =
		(unsigned short)((size_t)size / sizeof(struct sock_filter));
	return 0;
}

/*
 * Stores in @program, whose instructions the caller frees, the filter of the
 * process @maker, or that of guest threads, which comes in addition.
 */
static int compile(enum call_maker maker, bool only_log,
		   struct sock_fprog *program)
{
	scmp_filter_ctx ctx =
		seccomp_init(only_log ? SCMP_ACT_LOG : SCMP_ACT_TRAP);
	int fd = memfd_create("filter", MFD_CLOEXEC);
	int ret = ctx && fd >= 0 ? 0 : -ENOMEM;

	if (!ret)
		ret = allow(ctx, maker);
	/* A binary tree: the last call of the list costs what the first does.
	 */
	if (!ret)
		seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!ret)
		ret = seccomp_export_bpf(ctx, fd);
	if (!ret)
		ret = read_program(fd, program);
	if (fd >= 0)
		close(fd);
	seccomp_release(ctx);
	return ret;
}

/* Kernels before 4.17 do not know the flag, and need none. */
static int load(const struct sock_fprog *program)
{
	static const unsigned int flags[] = { SECCOMP_FILTER_FLAG_SPEC_ALLOW,
					      0 };

	for (size_t i = 0; i < COUNT(flags); i++)
		if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i],
			     program))
			return 0;
		else if (errno != EINVAL)
			break;
	return -errno;
}

/* What SIGSYS did before */
static struct sigaction before;

/* The call was not made. The thread is in it, so the log can be used. */
static void end_by_sigsys(int sig, siginfo_t *info, void *context)
{
	unsigned int call = (unsigned int)info->si_syscall;

	(void)context;
	log_error("sandbox: system call %u (%s) is not allowed", call,
		  call < NAMES && names[call] ? names[call] : "unknown");
	sigaction(sig, &before, NULL);
	raise(sig);
}

int call_filter_name_calls(void)
{
	struct sigaction action = { .sa_sigaction = end_by_sigsys,
				    .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction old;

	for (int i = 0; i < NAMES; i++)
		names[i] =
			seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
	if (sigaction(SIGSYS, &action, &old) < 0)
		return -errno;
	/* It may have been installed before. */
	if (old.sa_sigaction != end_by_sigsys)
		before = old;
	return 0;
}

int call_filter_enter(enum call_maker maker, bool only_log)
{
	struct sock_fprog program;
	const bool has_guests = maker == CALL_OF_SERVER ||
				maker == CALL_OF_LISTENER;
	int ret = call_filter_name_calls();

	if (!ret && has_guests)
		ret = compile(CALL_OF_ANY_THREAD, only_log, &guest_filter);
	if (!ret)
		ret = compile(maker, only_log, &program);
	if (ret)
		return ret;
	ret = load(&program);
	free(program.filter);
	return ret;
}

int call_filter_enter_guest_thread(void)
{
	return guest_filter.filter ? load(&guest_filter) : 0;
}

#else

int call_filter_enter(enum call_maker maker, bool only_log)
{
	(void)maker;
	(void)only_log;
	return -ENOSYS;
}

int call_filter_name_calls(void)
{
	return 0;
}

int call_filter_enter_guest_thread(void)
{
	return 0;
}

#endif
