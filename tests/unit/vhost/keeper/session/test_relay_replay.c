/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the next back end is told of a session. */
#include "tests/unit/vhost/keeper/session/relay_rig.h"

#define P(name)	    (1ull << VHOST_USER_PROTOCOL_F_##name)
#define STATE(num)  ((uint64_t)(num) << 32) /* of ring 0 */
#define ACK	    P(REPLY_ACK)
#define PACKED	    (1ull << 34 | 1ull << 32)
#define PACKED_BASE 0x80058005ull

#define PROTOCOL(f)                                       \
	{                                                 \
		VHOST_USER_SET_PROTOCOL_FEATURES, f, NULL \
	}
#define CHANNEL(t)                                  \
	{                                           \
		VHOST_USER_SET_BACKEND_REQ_FD, 0, t \
	}
#define OWNER                                 \
	{                                     \
		VHOST_USER_SET_OWNER, 0, NULL \
	}
#define FEATURES(f)                              \
	{                                        \
		VHOST_USER_SET_FEATURES, f, NULL \
	}
#define STATUS(s)                              \
	{                                      \
		VHOST_USER_SET_STATUS, s, NULL \
	}
#define TABLE(n, t)                            \
	{                                      \
		VHOST_USER_SET_MEM_TABLE, n, t \
	}
#define ADD(a, t)                            \
	{                                    \
		VHOST_USER_ADD_MEM_REG, a, t \
	}
#define REMOVE(a)                               \
	{                                       \
		VHOST_USER_REM_MEM_REG, a, NULL \
	}
#define LOG(t)                                   \
	{                                        \
		VHOST_USER_SET_LOG_BASE, 4096, t \
	}
#define LOG_EVENT(t)                        \
	{                                   \
		VHOST_USER_SET_LOG_FD, 0, t \
	}
#define REGION(t)                                   \
	{                                           \
		VHOST_USER_SET_INFLIGHT_FD, 4096, t \
	}
#define ASK_REGION                                  \
	{                                           \
		VHOST_USER_GET_INFLIGHT_FD, 0, NULL \
	}
#define NUM(n)                                           \
	{                                                \
		VHOST_USER_SET_VRING_NUM, STATE(n), NULL \
	}
#define BASE(n)                                           \
	{                                                 \
		VHOST_USER_SET_VRING_BASE, STATE(n), NULL \
	}
#define ADDR                                       \
	{                                          \
		VHOST_USER_SET_VRING_ADDR, 0, NULL \
	}
#define CALL(t)                                 \
	{                                       \
		VHOST_USER_SET_VRING_CALL, 0, t \
	}
#define ERR(t)                                 \
	{                                      \
		VHOST_USER_SET_VRING_ERR, 0, t \
	}
#define KICK(t)                                 \
	{                                       \
		VHOST_USER_SET_VRING_KICK, 0, t \
	}
#define KICK_NOFD                                                      \
	{                                                              \
		VHOST_USER_SET_VRING_KICK, VHOST_USER_VRING_NOFD, NULL \
	}
#define ENABLE(n)                                           \
	{                                                   \
		VHOST_USER_SET_VRING_ENABLE, STATE(n), NULL \
	}
#define STOP                                       \
	{                                          \
		VHOST_USER_GET_VRING_BASE, 0, NULL \
	}
#define RESET_DEVICE                             \
	{                                        \
		VHOST_USER_RESET_DEVICE, 0, NULL \
	}
#define RESET_OWNER                             \
	{                                       \
		VHOST_USER_RESET_OWNER, 0, NULL \
	}

static const struct scenario {
	const char *name;
	struct step said[24];
	struct step told[16]; /* to the next back end */
} scenarios[] = {
	{
		"nothing was said",
		{ { 0 } },
		{ PROTOCOL(KEEPER_NEEDED) },
	},
	{
		"split ring, in another order than QEMU's",
		{ PROTOCOL(ACK), ENABLE(1), CALL("c"), ERR("e"), ADDR, BASE(3),
		  NUM(64), TABLE(2, "ab"), STATUS(15), FEATURES(5), OWNER,
		  KICK("k") },
		{ PROTOCOL(KEEPER_NEEDED), OWNER, FEATURES(5), STATUS(15),
		  TABLE(2, "ab"), REGION("R"), NUM(64), BASE(3), ADDR,
		  CALL("c"), ERR("e"), KICK("k"), ENABLE(1) },
	},
	{
		"packed ring",
		{ PROTOCOL(ACK), OWNER, FEATURES(PACKED), NUM(64),
		  BASE(PACKED_BASE), ADDR, KICK("k") },
		{ PROTOCOL(KEEPER_NEEDED), OWNER, FEATURES(PACKED), REGION("R"),
		  NUM(64), BASE(PACKED_BASE), ADDR, KICK("k") },
	},
	{
		"the last message of a kind counts",
		{ PROTOCOL(ACK), TABLE(2, "ab"), TABLE(1, "c"), CALL("d"),
		  CALL("e"), NUM(64), NUM(32) },
		{ PROTOCOL(KEEPER_NEEDED), TABLE(1, "c"), NUM(32), CALL("e") },
	},
	{
		"memory slots, one of them removed",
		{ PROTOCOL(ACK | P(CONFIGURE_MEM_SLOTS)), ADD(1, "a"),
		  ADD(2, "b"), ADD(3, "c"), REMOVE(2) },
		{ PROTOCOL(KEEPER_NEEDED | P(CONFIGURE_MEM_SLOTS)), ADD(1, "a"),
		  ADD(3, "c") },
	},
	{
		"region of a table removed as a memory slot",
		{ PROTOCOL(ACK | P(CONFIGURE_MEM_SLOTS)), TABLE(2, "ab"),
		  REMOVE(0) },
		{ PROTOCOL(KEEPER_NEEDED | P(CONFIGURE_MEM_SLOTS)),
		  { VHOST_USER_ADD_MEM_REG, 0, "b" } },
	},
	{
		"log and its event",
		{ PROTOCOL(ACK | P(LOG_SHMFD)), LOG("l"), LOG_EVENT("f") },
		{ PROTOCOL(KEEPER_NEEDED | P(LOG_SHMFD)), LOG("l"),
		  LOG_EVENT("f") },
	},
	{
		"ring that is polled: no kick descriptor",
		{ PROTOCOL(ACK), NUM(64), KICK_NOFD },
		{ PROTOCOL(KEEPER_NEEDED), REGION("R"), NUM(64), KICK_NOFD },
	},
	{
		"ring that is stopped",
		{ PROTOCOL(ACK), NUM(64), BASE(3), KICK("k"), ENABLE(1), STOP },
		{ PROTOCOL(KEEPER_NEEDED), REGION("R"), NUM(64),
		  BASE(NUM_AT_STOP), ENABLE(1) },
	},
	{
		"ring that goes on: the region stays",
		{ PROTOCOL(ACK), NUM(64), KICK("k"), STOP, NUM(64),
		  BASE(NUM_AT_STOP), KICK("l") },
		{ PROTOCOL(KEEPER_NEEDED), REGION("R"), NUM(64),
		  BASE(NUM_AT_STOP), KICK("l") },
	},
	{
		"ring that begins anew, after a reset: another region",
		{ PROTOCOL(ACK), NUM(64), KICK("k"), STOP, STATUS(0), NUM(64),
		  BASE(0), KICK("l") },
		{ PROTOCOL(KEEPER_NEEDED), REGION("S"), NUM(64), BASE(0),
		  KICK("l") },
	},
	{
		"ring that is larger than before: another region",
		{ PROTOCOL(ACK), NUM(64), KICK("k"), STOP, NUM(512),
		  BASE(NUM_AT_STOP), KICK("l") },
		{ PROTOCOL(KEEPER_NEEDED), REGION("S"), NUM(512),
		  BASE(NUM_AT_STOP), KICK("l") },
	},
	{
		"region of the front end's own",
		{ PROTOCOL(KEEPER_NEEDED), ASK_REGION, REGION("i"), NUM(64),
		  KICK("k") },
		{ PROTOCOL(KEEPER_NEEDED), REGION("i"), NUM(64), KICK("k") },
	},
	{
		"region of the front end's own, after a reset",
		{ PROTOCOL(KEEPER_NEEDED), REGION("i"), NUM(64), KICK("k"),
		  STOP, STATUS(0), BASE(0), KICK("l") },
		{ PROTOCOL(KEEPER_NEEDED), REGION("i"), NUM(64), BASE(0),
		  KICK("l") },
	},
	{
		"front end that asks for a region, and never sets one",
		{ PROTOCOL(KEEPER_NEEDED), NUM(64), KICK("k"), STOP, ASK_REGION,
		  KICK("l") },
		{ PROTOCOL(KEEPER_NEEDED), REGION("T"), NUM(64),
		  BASE(NUM_AT_STOP), KICK("l") },
	},
	{
		"another driver follows on the connection",
		{ PROTOCOL(ACK), OWNER, FEATURES(5), TABLE(1, "a"), NUM(64),
		  KICK("k"), STOP, PROTOCOL(ACK | P(BACKEND_REQ)), CHANNEL("h"),
		  OWNER, FEATURES(6) },
		{ PROTOCOL(KEEPER_NEEDED | P(BACKEND_REQ)), CHANNEL("h"), OWNER,
		  FEATURES(6) },
	},
	{
		"channel of the driver before",
		{ PROTOCOL(ACK | P(BACKEND_REQ)), CHANNEL("h"), OWNER,
		  PROTOCOL(ACK | P(BACKEND_REQ)), OWNER },
		{ PROTOCOL(KEEPER_NEEDED | P(BACKEND_REQ)), OWNER },
	},
	{
		"features that are taken away",
		{ PROTOCOL(KEEPER_NEEDED | P(BACKEND_REQ) | P(LOG_SHMFD)),
		  CHANNEL("h"), LOG("l"), REGION("i"), PROTOCOL(ACK) },
		{ PROTOCOL(KEEPER_NEEDED) },
	},
	{
		"device that is reset",
		{ PROTOCOL(ACK), STATUS(15), NUM(64), BASE(3), CALL("c"),
		  KICK("k"), ENABLE(1), RESET_DEVICE },
		{ PROTOCOL(KEEPER_NEEDED), NUM(64), CALL("c") },
	},
	{
		"RESET_OWNER: rings are disabled",
		{ PROTOCOL(ACK), NUM(64), KICK("k"), ENABLE(1), RESET_OWNER },
		{ PROTOCOL(KEEPER_NEEDED), REGION("R"), NUM(64), KICK("k") },
	},
	{
		"ring that is disabled",
		{ PROTOCOL(ACK), NUM(64), ENABLE(1), ENABLE(0) },
		{ PROTOCOL(KEEPER_NEEDED), NUM(64) },
	},
};

/* Another back end is told @steps, in this order and nothing else. */
static void check_replay(struct setup *s, const struct step *steps)
{
	attach(s);
	for (; steps->request; steps++) {
		expect_step(s, steps);
		obey(s);
	}
	expect_nothing(s);
	assert_int_equal(s->relay.stage, KEEPER_READY);
	assert_string_equal(s->relay.reason.text, "");
	hear_nothing(s);
}

static void run(const struct scenario *scenario)
{
	void *state;
	struct setup *s;

	setup(&state);
	s = state;
	attach(s);
	obey_all(s);
	do_steps(s, scenario->said);
	die(s);
	check_replay(s, scenario->told);
	/* A replay takes nothing away from the next one. */
	die(s);
	check_replay(s, scenario->told);
	teardown(&state);
}

TEST(test_next_back_end_is_told_what_counts)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		print_message("         %s\n", scenarios[i].name);
		run(&scenarios[i]);
	}
}

TEST_MAIN(NULL, NULL)
