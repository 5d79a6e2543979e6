// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/sandbox/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(cap)  (UINT64_C(1) << (cap))

#define OF_SERVER BIT(CAP_SYS_RESOURCE)
/* Sockets are files, too. */
#define OF_FILES \
	(BIT(CAP_DAC_OVERRIDE) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER) | OF_SERVER)

static const uint64_t of_root[] = {
	[PRIVILEGED_SERVER] = OF_SERVER,
	[PRIVILEGED_FILES] = OF_FILES,
	[PRIVILEGED_LOOKER] = OF_FILES | BIT(CAP_SYS_PTRACE),
};

/* A process that is executed can have these and no others. */
static int limit_bounding_set(uint64_t kept)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(kept & BIT(cap)) &&
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
	return 0;
}

static int limit_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	uint32_t dropped = 0;

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t left = (uint32_t)(kept >> 32 * i);

		dropped |= (sets[i].permitted & ~left) | sets[i].inheritable;
		sets[i].permitted &= left;
		sets[i].effective &= left;
		sets[i].inheritable = 0;
	}
	/* Another sandbox may forbid to change what is not there. */
	if (!dropped)
		return 0;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

int privileges_drop(enum privileged who, bool hidden)
{
	const uint64_t kept = geteuid() ? 0 : of_root[who];
	int ret;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    (hidden && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0))
		return -errno;
	/* Fails for all but root, which alone could gain from it. */
	ret = limit_bounding_set(kept);
	if (ret && ret != -EPERM)
		return ret;
	return limit_capabilities(kept);
}
