/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A back end that dies of a fault of its own, such as a bad access, reports to
 * the keeper which guest's thread had the fault. A signal that another process
 * sends is no fault.
 */
#ifndef KEEPER_FAULT_H
#define KEEPER_FAULT_H

/*
 * Installs the signal handlers that report to the keeper at the other end of
 * @link, which is duplicated. The process dies as it would have without them.
 * Other handlers of SIGBUS and SIGSYS have to be installed later, and restore
 * these when the signal is not theirs. Returns 0 or a negative errno.
 */
int keeper_fault_watch(int link);

/*
 * From now on the calling thread serves the guest whose socket is @path, a
 * string that outlives the thread. A fault in a thread that serves none is the
 * process's.
 */
void keeper_fault_serve(const char *path);

#endif
