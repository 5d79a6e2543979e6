/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How long a guest may have to wait for the call that tells it of a request
 * that was done, while those behind it are done.
 *
 * A driver that is called early can add requests while others run, so that the
 * ring does not run empty. Then a call at least every CALL_PACE_NS is right. A
 * driver that waits for all of them gains nothing by it, and a call, which
 * wakes a thread on another processor, may take as long as ten requests where a
 * hypervisor has to help. So an early call was in vain if the driver, when it
 * is called next, sleeps again and has added nothing. Each such call doubles
 * the time, up to that of CALL_PACE_SHARE calls, but not more than
 * CALL_PACE_MAX_NS. One that was not in vain brings back CALL_PACE_NS; each
 * time that the ring runs empty without an early call brings it nearer.
 */
#ifndef CALL_PACE_H
#define CALL_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define CALL_PACE_NS	 40000
#define CALL_PACE_MAX_NS 250000
#define CALL_PACE_SHARE	 10

/* All zero: no call was made yet. */
struct call_pace {
	uint64_t cost;	/* what an early call takes, on average, ns */
	uint64_t more;	/* how much longer than CALL_PACE_NS, ns */
	uint64_t added; /* how many requests the driver had added before the */
			/* last one, since the ring was empty; 0: no call */
};

/* How long after a request was done to call early, ns */
static inline uint64_t call_pace_ns(const struct call_pace *pace)
{
	return CALL_PACE_NS + pace->more;
}

/*
 * The driver, which slept, was called early, which took @ns. It had added
 * @added requests by then, of all times.
 */
void call_pace_called(struct call_pace *pace, uint64_t ns, uint64_t added);

/* Implements call_pace_ends() where there is something to do. */
void call_pace_judge_last(struct call_pace *pace, bool slept, uint64_t added);

/*
 * The ring is empty. The driver has added @added requests, likewise, and @slept
 * until it was called now.
 */
static inline void call_pace_ends(struct call_pace *pace, bool slept,
				  uint64_t added)
{
	if (pace->more || pace->added)
		call_pace_judge_last(pace, slept, added);
}

#endif
