/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The attacks, one function each: attack.c says what they do. */
#ifndef TEST_ATTACK_LIST_H
#define TEST_ATTACK_LIST_H

#include "tests/lib/hostile/attack.h"

/* By the guest: its ring and its memory (attack_ring.c) */
void attack_broken_rings(struct attack_run *run);
void attack_garbage(struct attack_run *run);
void attack_bad_requests(struct attack_run *run);
void attack_memory_cut(struct attack_run *run);
void attack_ring_cut(struct attack_run *run);
void attack_long_chains(struct attack_run *run);
void attack_kicks(struct attack_run *run);
void attack_full_call(struct attack_run *run);

/* By its monitor: the connection (attack_messages.c) */
void attack_messages(struct attack_run *run);
void attack_stalled_messages(struct attack_run *run);
void attack_unread_replies(struct attack_run *run);
void attack_descriptors(struct attack_run *run);
void attack_reconnects(struct attack_run *run);

/* To keep the bus (attack_bus.c) */
void attack_flood(struct attack_run *run);
void attack_largest(struct attack_run *run);
void attack_slow(struct attack_run *run);
void attack_delays(struct attack_run *run);
void attack_endless_message(struct attack_run *run);
void attack_idle_hold(struct attack_run *run);
void attack_stopped(struct attack_run *run);
void attack_killed(struct attack_run *run);

#endif
