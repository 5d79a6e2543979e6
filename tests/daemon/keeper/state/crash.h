/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* First bytes of a message that crash_shim.c dies of */
#ifndef TEST_CRASH_BYTES_H
#define TEST_CRASH_BYTES_H

#define CRASH_TRAP  0xde
#define CRASH_ABORT 0xdf
#define CRASH_CALL  0xe0 /* the sandbox ends the process, if there is one */

#endif
