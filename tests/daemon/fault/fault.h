/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a test and the library that is preloaded into a daemon share: the file
 * that the environment variable FAULT_CONTROL names, mapped by both.
 */
#ifndef TEST_FAULT_H
#define TEST_FAULT_H

#include <stdint.h>

#define FAULT_CONTROL "FAULT_CONTROL"

/* Calls that can fail, and how */
enum fault_kind {
	FAULT_NONE,
	FAULT_MEMORY,	   /* malloc and others: no memory */
	FAULT_MAP,	   /* mmap, memfd_create, ftruncate: ENOMEM */
	FAULT_DESCRIPTOR,  /* eventfd, accept4, socketpair, ...: EMFILE */
	FAULT_EPOLL,	   /* epoll_ctl: ENOSPC */
	FAULT_THREAD,	   /* pthread_create: EAGAIN */
	FAULT_IO,	   /* read, write, recvmsg, sendmsg, ...: EIO */
	FAULT_INTERRUPTED, /* those, and waits: EINTR */
	FAULT_SHORT,	   /* those on a stream: one byte is done */
	FAULT_KINDS,
};

struct fault_control {
	_Atomic uint32_t kind;
	_Atomic uint32_t at;	/* which call of the kind fails, from 1 */
	_Atomic uint32_t calls; /* of the kind since both were set */
	_Atomic int64_t blocks; /* of memory that are not free */
};

#endif
