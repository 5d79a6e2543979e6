// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/sandbox/call_list.h"

#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#ifndef PR_SET_VMA /* not in every musl */
#define PR_SET_VMA 0x53564d41
#endif

const struct call call_list[] = {
	/* files and sockets that are open */
	{ "read", CALL_OF_ANY_THREAD },
	{ "write", CALL_OF_ANY_THREAD },
	{ "readv", CALL_OF_ANY_THREAD },
	{ "writev", CALL_OF_ANY_THREAD },
	{ "pread64", CALL_OF_ANY_THREAD },
	{ "pwrite64", CALL_OF_ANY_THREAD },
	{ "preadv", CALL_OF_ANY_THREAD },
	{ "preadv2", CALL_OF_ANY_THREAD },
	{ "pwritev", CALL_OF_ANY_THREAD },
	{ "pwritev2", CALL_OF_ANY_THREAD },
	{ "lseek", CALL_OF_ANY_THREAD },
	{ "_llseek", CALL_OF_ANY_THREAD },
	{ "recvmsg", CALL_OF_ANY_THREAD },
	{ "sendmsg", CALL_OF_ANY_THREAD },
	{ "recvfrom", CALL_OF_ANY_THREAD },
	{ "sendto", CALL_OF_ANY_THREAD },
	{ "recv", CALL_OF_ANY_THREAD },
	{ "send", CALL_OF_ANY_THREAD },
	{ "accept", CALL_OF_ANY_THREAD },
	{ "accept4", CALL_OF_ANY_THREAD },
	{ "shutdown", CALL_OF_ANY_THREAD },
	{ "connect", CALL_OF_OPENER },
	{ "timerfd_create", CALL_OF_SERVER },
	{ "timerfd_settime", CALL_OF_ANY_THREAD },
	{ "timerfd_settime64", CALL_OF_ANY_THREAD },
	{ "getsockopt", CALL_OF_ANY_THREAD },
	{ "setsockopt", CALL_OF_ANY_THREAD },
	{ "getsockname", CALL_OF_ANY_THREAD },
	{ "getpeername", CALL_OF_ANY_THREAD },
	{ "close", CALL_OF_ANY_THREAD },
	{ "fstat", CALL_OF_ANY_THREAD },
	{ "fstat64", CALL_OF_ANY_THREAD },
	{ "flock", CALL_OF_ANY_THREAD },
	{ "ftruncate", CALL_OF_ANY_THREAD },
	{ "ftruncate64", CALL_OF_ANY_THREAD },
	{ "fallocate", CALL_OF_ANY_THREAD },
	{ "getdents64", CALL_OF_OPENER },
	{ "getdents", CALL_OF_OPENER },
	{ "memfd_create", CALL_OF_ANY_THREAD },
	{ "eventfd2", CALL_OF_ANY_THREAD },
	/* files by name: file_rules.h says which */
	{ "open", CALL_OF_OPENER },
	{ "openat", CALL_OF_OPENER },
	{ "stat", CALL_OF_OPENER },
	{ "stat64", CALL_OF_OPENER },
	{ "lstat", CALL_OF_OPENER },
	{ "lstat64", CALL_OF_OPENER },
	{ "newfstatat", CALL_OF_OPENER },
	{ "fstatat64", CALL_OF_OPENER },
	{ "statx", CALL_OF_OPENER },
	{ "access", CALL_OF_OPENER },
	{ "faccessat", CALL_OF_OPENER },
	{ "faccessat2", CALL_OF_OPENER },
	{ "statfs", CALL_OF_OPENER },
	{ "statfs64", CALL_OF_OPENER },
	{ "readlink", CALL_OF_ANY_THREAD },
	{ "readlinkat", CALL_OF_ANY_THREAD },
	{ "getcwd", CALL_OF_OPENER },
	{ "rename", CALL_OF_OPENER },
	{ "renameat", CALL_OF_OPENER },
	{ "renameat2", CALL_OF_OPENER },
	{ "link", CALL_OF_OPENER },
	{ "linkat", CALL_OF_OPENER },
	{ "symlink", CALL_OF_LISTENER },
	{ "symlinkat", CALL_OF_LISTENER },
	{ "unlink", CALL_OF_OPENER },
	{ "unlinkat", CALL_OF_OPENER },
	{ "chmod", CALL_OF_LISTENER },
	{ "fchmod", CALL_OF_SERVER },
	{ "fchmodat", CALL_OF_LISTENER },
	{ "fchmodat2", CALL_OF_LISTENER },
	{ "lchown", CALL_OF_LISTENER },
	{ "lchown32", CALL_OF_LISTENER },
	{ "fchown", CALL_OF_LISTENER },
	{ "fchown32", CALL_OF_LISTENER },
	{ "fchownat", CALL_OF_LISTENER },
	{ "umask", CALL_OF_LISTENER },
	/* the standard descriptors, in the background */
	{ "dup2", CALL_OF_LISTENER },
	{ "dup3", CALL_OF_LISTENER },
	/* sockets to listen at */
	{ "bind", CALL_OF_LISTENER },
	{ "listen", CALL_OF_LISTENER },
	/* waiting */
	{ "epoll_create1", CALL_OF_ANY_THREAD },
	{ "epoll_ctl", CALL_OF_ANY_THREAD },
	{ "epoll_wait", CALL_OF_ANY_THREAD },
	{ "epoll_pwait", CALL_OF_ANY_THREAD },
	{ "epoll_pwait2", CALL_OF_ANY_THREAD },
	{ "poll", CALL_OF_ANY_THREAD },
	{ "ppoll", CALL_OF_ANY_THREAD },
	{ "ppoll_time64", CALL_OF_ANY_THREAD },
	{ "nanosleep", CALL_OF_ANY_THREAD },
	{ "clock_nanosleep", CALL_OF_ANY_THREAD },
	{ "clock_nanosleep_time64", CALL_OF_ANY_THREAD },
	{ "clock_gettime", CALL_OF_ANY_THREAD },
	{ "clock_gettime64", CALL_OF_ANY_THREAD },
	{ "gettimeofday", CALL_OF_ANY_THREAD },
	{ "time", CALL_OF_ANY_THREAD },
	{ "restart_syscall", CALL_OF_ANY_THREAD },
	/* memory: mmap(2) and mprotect(2) are below */
	{ "munmap", CALL_OF_ANY_THREAD },
	{ "mremap", CALL_OF_ANY_THREAD },
	{ "madvise", CALL_OF_ANY_THREAD },
	{ "brk", CALL_OF_ANY_THREAD },
	/* threads and signals */
	{ "futex", CALL_OF_ANY_THREAD },
	{ "futex_time64", CALL_OF_ANY_THREAD },
	{ "set_robust_list", CALL_OF_ANY_THREAD },
	{ "rseq", CALL_OF_ANY_THREAD },
	{ "membarrier", CALL_OF_ANY_THREAD },
	{ "sched_yield", CALL_OF_ANY_THREAD },
	{ "sched_getaffinity", CALL_OF_ANY_THREAD },
	{ "sched_getparam", CALL_OF_ANY_THREAD },
	{ "sched_getscheduler", CALL_OF_ANY_THREAD },
	{ "exit", CALL_OF_ANY_THREAD },
	{ "exit_group", CALL_OF_ANY_THREAD },
	{ "rt_sigaction", CALL_OF_ANY_THREAD },
	{ "rt_sigprocmask", CALL_OF_ANY_THREAD },
	{ "rt_sigreturn", CALL_OF_ANY_THREAD },
	{ "sigreturn", CALL_OF_ANY_THREAD },
	{ "rt_sigtimedwait", CALL_OF_ANY_THREAD },
	{ "rt_sigtimedwait_time64", CALL_OF_ANY_THREAD },
	{ "sigaltstack", CALL_OF_ANY_THREAD },
	/* what this process is */
	{ "getpid", CALL_OF_ANY_THREAD },
	{ "gettid", CALL_OF_ANY_THREAD },
	{ "getppid", CALL_OF_ANY_THREAD },
	{ "getuid", CALL_OF_ANY_THREAD },
	{ "getuid32", CALL_OF_ANY_THREAD },
	{ "geteuid", CALL_OF_ANY_THREAD },
	{ "geteuid32", CALL_OF_ANY_THREAD },
	{ "getgid", CALL_OF_ANY_THREAD },
	{ "getgid32", CALL_OF_ANY_THREAD },
	{ "getegid", CALL_OF_ANY_THREAD },
	{ "getegid32", CALL_OF_ANY_THREAD },
	{ "getrandom", CALL_OF_ANY_THREAD },
	{ "uname", CALL_OF_ANY_THREAD },
	{ "sysinfo", CALL_OF_ANY_THREAD },
	{ "getrlimit", CALL_OF_ANY_THREAD },
	{ "ugetrlimit", CALL_OF_ANY_THREAD },
	{ "prlimit64", CALL_OF_SERVER },
	{ "setrlimit", CALL_OF_SERVER },
	/* only ever adds to what is refused */
	{ "seccomp", CALL_OF_SERVER },
	/* processes, and how they end */
	{ "fork", CALL_OF_KEEPER },
	{ "vfork", CALL_OF_KEEPER },
	{ "execve", CALL_OF_KEEPER },
	{ "execveat", CALL_OF_KEEPER },
	{ "wait4", CALL_OF_KEEPER },
	{ "waitpid", CALL_OF_KEEPER },
	{ "waitid", CALL_OF_KEEPER },
	{ "kill", CALL_OF_KEEPER },
	{ "dup", CALL_OF_KEEPER },
	{ "sendfile", CALL_OF_KEEPER },
	{ "sendfile64", CALL_OF_KEEPER },
	{ "tgkill", CALL_OF_KEEPER },
	{ "signalfd4", CALL_OF_KEEPER },
	{ "pipe2", CALL_OF_KEEPER },
	/* a program begins */
	{ "arch_prctl", CALL_OF_KEEPER },
	{ "set_thread_area", CALL_OF_KEEPER },
	{ "set_tls", CALL_OF_KEEPER },
	{ "set_tid_address", CALL_OF_KEEPER },
	{ "close_range", CALL_OF_KEEPER },
	/* it confines itself */
	{ "capget", CALL_OF_KEEPER },
	{ "capset", CALL_OF_KEEPER },
	{ "landlock_create_ruleset", CALL_OF_KEEPER },
	{ "landlock_add_rule", CALL_OF_KEEPER },
	{ "landlock_restrict_self", CALL_OF_KEEPER },
	{ NULL, CALL_OF_KEEPER },
};

/* Requests of spidev have this in their second byte. */
#define IOCTL_SPI  ('k' << 8)
#define IOCTL_TYPE 0xff00u
/* isatty(3), which stdio calls */
#define IOCTL_TTY 0x5401u

/* Flags of clone(2) are its first argument, with exceptions. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* Namespaces, and a process that its tracer cannot see */
#define CLONE_APART                                                    \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_UNTRACED)

const struct restricted_call call_list_restricted[] = {
	/* fstat(2) */
	{ "newfstatat", "fstatat64", 3, AT_EMPTY_PATH, AT_EMPTY_PATH,
	  CALL_OF_ANY_THREAD },
	{ "statx", NULL, 2, AT_EMPTY_PATH, AT_EMPTY_PATH, CALL_OF_ANY_THREAD },
	{ "ioctl", NULL, 1, IOCTL_TYPE, IOCTL_SPI, CALL_OF_ANY_THREAD },
	{ "ioctl", NULL, 1, UINT32_MAX, IOCTL_TTY, CALL_OF_ANY_THREAD },
	{ "mmap", "mmap2", 2, PROT_EXEC, 0, CALL_OF_ANY_THREAD },
	{ "mprotect", NULL, 2, PROT_EXEC, 0, CALL_OF_ANY_THREAD },
	{ "socket", NULL, 0, UINT32_MAX, AF_UNIX, CALL_OF_OPENER },
	{ "clone", NULL, CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD,
	  CALL_OF_ANY_THREAD },
	{ "fcntl", "fcntl64", 1, UINT32_MAX, F_GETFD, CALL_OF_ANY_THREAD },
	{ "fcntl", "fcntl64", 1, UINT32_MAX, F_SETFD, CALL_OF_ANY_THREAD },
	{ "fcntl", "fcntl64", 1, UINT32_MAX, F_GETFL, CALL_OF_ANY_THREAD },
	{ "fcntl", "fcntl64", 1, UINT32_MAX, F_SETFL, CALL_OF_ANY_THREAD },
	{ "fcntl", "fcntl64", 1, UINT32_MAX, F_DUPFD_CLOEXEC,
	  CALL_OF_ANY_THREAD },
	{ "fcntl", "fcntl64", 1, UINT32_MAX, F_GET_SEALS, CALL_OF_ANY_THREAD },
	{ "fcntl", "fcntl64", 1, UINT32_MAX, F_ADD_SEALS, CALL_OF_ANY_THREAD },
	{ "prctl", NULL, 0, UINT32_MAX, PR_SET_NAME, CALL_OF_ANY_THREAD },
	{ "prctl", NULL, 0, UINT32_MAX, PR_GET_NAME, CALL_OF_ANY_THREAD },
	{ "prctl", NULL, 0, UINT32_MAX, PR_SET_TIMERSLACK, CALL_OF_ANY_THREAD },
	{ "prctl", NULL, 0, UINT32_MAX, PR_SET_VMA, CALL_OF_ANY_THREAD },
	{ NULL, NULL, 0, 0, 0, CALL_OF_ANY_THREAD },
};

/* Code comes from files alone. */
const struct restricted_call call_list_of_keeper[] = {
	{ "mmap", "mmap2", 3, MAP_ANONYMOUS, 0, CALL_OF_KEEPER },
	{ "clone", NULL, CLONE_FLAGS, CLONE_APART, 0, CALL_OF_KEEPER },
	{ "socketpair", NULL, 0, UINT32_MAX, AF_UNIX, CALL_OF_KEEPER },
	{ "prctl", NULL, 0, UINT32_MAX, PR_SET_PDEATHSIG, CALL_OF_KEEPER },
	{ "prctl", NULL, 0, UINT32_MAX, PR_SET_NO_NEW_PRIVS, CALL_OF_KEEPER },
	{ "prctl", NULL, 0, UINT32_MAX, PR_SET_DUMPABLE, CALL_OF_KEEPER },
	{ "prctl", NULL, 0, UINT32_MAX, PR_CAPBSET_READ, CALL_OF_KEEPER },
	{ "prctl", NULL, 0, UINT32_MAX, PR_CAPBSET_DROP, CALL_OF_KEEPER },
	{ "prctl", NULL, 0, UINT32_MAX, PR_CAP_AMBIENT, CALL_OF_KEEPER },
	{ NULL, NULL, 0, 0, 0, CALL_OF_KEEPER },
};
