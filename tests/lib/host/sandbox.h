/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Whether the daemon's sandbox can be tested here */
#ifndef TEST_SANDBOX_H
#define TEST_SANDBOX_H

#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/lib/skip.h"

/* Skips the case if a sandbox has no filter of system calls here. */
static inline void sandbox_need(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip_because("sanitizers make system calls of their own");
#elif !defined(WITH_SECCOMP)
	skip_because("built without libseccomp");
#else
	uint32_t action = SECCOMP_RET_TRAP;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		skip_because("there is no seccomp here");
#endif
}

static inline void sandbox_need_landlock(void)
{
	sandbox_need();
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0)
		skip_because("this kernel has no Landlock");
}

#endif
