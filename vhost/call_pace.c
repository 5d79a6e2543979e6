/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/call_pace.h"

/*
 * The share, 1/PARTS, that the last call has in ->cost, and that ->more loses
 * each time that the ring runs empty.
 */
#define PARTS 8

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Returns the largest ->more. */
static uint64_t most_more(const struct call_pace *pace)
{
	uint64_t most = earlier(pace->cost * CALL_PACE_SHARE, CALL_PACE_MAX_NS);

	return most > CALL_PACE_NS ? most - CALL_PACE_NS : 0;
}

/* Changes ->more if there was an early call: it was in vain, or it was not. */
static void judge(struct call_pace *pace, bool slept, uint64_t added)
{
	if (!pace->added)
		return;
	if (!slept || added > pace->added)
		pace->more = 0;
	else
		pace->more =
			earlier(2 * pace->more + CALL_PACE_NS, most_more(pace));
}

void call_pace_called(struct call_pace *pace, uint64_t ns, uint64_t added)
{
	/* A call that takes longer was interrupted. */
	const uint64_t took = earlier(ns, CALL_PACE_MAX_NS / CALL_PACE_SHARE);

	judge(pace, true, added);
	pace->cost = ((PARTS - 1) * pace->cost + took) / PARTS;
	pace->added = added;
}

void call_pace_judge_last(struct call_pace *pace, bool slept, uint64_t added)
{
	if (pace->added)
		judge(pace, slept, added);
	else
		pace->more -= (pace->more + PARTS - 1) / PARTS;
	pace->added = 0;
}
