/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A back end that dies of a fault of its own, such as a bad access, tells the
 * keeper in whose thread that was, with its last words. A signal that somebody
 * else sends is no fault.
 */
#ifndef KEEPER_FAULT_H
#define KEEPER_FAULT_H

/*
 * Has the process tell the keeper at the other end of @link, which is
 * duplicated. It dies as it would have. Handlers of SIGBUS and SIGSYS are to
 * be installed later, and to restore this one. Returns 0 or a negative errno.
 */
int keeper_fault_watch(int link);

/*
 * From now on the calling thread serves the guest whose socket is @path, a
 * string that outlives the thread. A fault in a thread that serves none is the
 * process's.
 */
void keeper_fault_serve(const char *path);

#endif
