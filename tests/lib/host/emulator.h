/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a kernel does, and QEMU's emulation of one for programs of another
 * machine does not. Each need_...() skips the running case where it is not
 * done.
 */
#ifndef TEST_EMULATOR_H
#define TEST_EMULATOR_H

#include <stdint.h>

/* SIGBUS tells which address was accessed. */
void need_fault_address(void);

/* recvmsg(2) closes the descriptors that it has no room for. */
void need_cut_descriptors(void);

/* MADV_REMOVE frees pages of memory that is shared. */
void need_memory_removal(void);

/* The file of a process in proc(5) is that of its program. */
void need_program_file(void);

/* Programs that a shell starts have our byte order. */
void need_byte_order(void);

/*
 * Threads that a process has besides those of its program: the emulator's, or
 * ThreadSanitizer's. For a test that has no other thread.
 */
unsigned int count_hidden_threads(void);

/*
 * Reads the eventfd @fd, and returns its count; 0 if read(2) fails. QEMU swaps
 * the bytes of a count in a program that has made the eventfd, and not in one
 * that has received it: then "1" is in the highest byte.
 */
uint64_t event_count(int fd);

#endif
