/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A relay between two socketpairs. The test plays the front end and the back
 * ends, and says what time it is.
 *
 * A descriptor that is sent is a memfd of one byte, its tag: a letter.
 */
#ifndef TEST_RELAY_RIG_H
#define TEST_RELAY_RIG_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/test.h"
#include "vhost/keeper/session/relay.h"

#define NUM_AT_STOP 7u /* the reply to GET_VRING_BASE */
#define NOT_HIDDEN  0

struct setup {
	struct keeper_relay relay;
	struct vhost_sock front; /* our end of the front end's connection */
	struct vhost_sock back;	 /* and of the back end's; ->fd -1: none */
	uint64_t now;
	unsigned int fds_before;
	char next_region; /* tag of the next inflight region: R, S, T ... */
};

static const struct keeper_limits limits = {
	.answer_ns = 5,
	.ping_ns = 50,
	.hang_ns = 100,
	.accept_ns = 900,
};

static inline int setup_hiding(void **state, uint64_t hidden)
{
	struct setup *s = calloc(1, sizeof(*s));
	int ends[2];

	assert_non_null(s);
	s->fds_before = open_fds();
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	vhost_sock_init(&s->front, ends[1]);
	s->back.fd = -1;
	s->now = 1000;
	s->next_region = 'R';
	keeper_relay_init(&s->relay, ends[0], hidden, s->now);
	*state = s;
	return 0;
}

static inline int setup(void **state)
{
	return setup_hiding(state, NOT_HIDDEN);
}

static inline int teardown(void **state)
{
	struct setup *s = *state;

	keeper_relay_fini(&s->relay);
	vhost_sock_fini(&s->front);
	if (s->back.fd >= 0)
		vhost_sock_fini(&s->back);
	assert_int_equal(open_fds(), s->fds_before);
	free(s);
	return 0;
}

/*
 * One message of a table. @u64 is the begin of the payload; the state of a
 * vring is its index, and its number << 32.
 */
struct step {
	uint32_t request;
	uint64_t u64;
	const char *tags; /* of its descriptors; NULL: none */
};

static inline uint32_t payload_size(uint32_t request)
{
	switch (request) {
	case VHOST_USER_GET_FEATURES:
	case VHOST_USER_GET_PROTOCOL_FEATURES:
	case VHOST_USER_GET_QUEUE_NUM:
	case VHOST_USER_GET_STATUS:
	case VHOST_USER_SET_OWNER:
	case VHOST_USER_RESET_OWNER:
	case VHOST_USER_RESET_DEVICE:
	case VHOST_USER_SET_BACKEND_REQ_FD:
	case VHOST_USER_CHECK_DEVICE_STATE:
		return 0;
	case VHOST_USER_SET_MEM_TABLE:
		return sizeof(struct vhost_wire_mem_table);
	case VHOST_USER_ADD_MEM_REG:
	case VHOST_USER_REM_MEM_REG:
		return sizeof(struct vhost_wire_mem_reg);
	case VHOST_USER_SET_VRING_ADDR:
		return sizeof(struct vhost_wire_vring_addr);
	case VHOST_USER_SET_LOG_BASE:
		return sizeof(struct vhost_wire_log);
	case VHOST_USER_GET_INFLIGHT_FD:
	case VHOST_USER_SET_INFLIGHT_FD:
		return sizeof(struct vhost_wire_inflight);
	default:
		return sizeof(uint64_t);
	}
}

static inline int tagged(char tag)
{
	int fd = memfd_create("tagged", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, &tag, 1), 1);
	return fd;
}

static inline union vhost_wire_payload payload_of(const struct step *step)
{
	union vhost_wire_payload payload = { .u64 = step->u64 };

	if (step->request == VHOST_USER_SET_VRING_NUM ||
	    step->request == VHOST_USER_SET_VRING_BASE ||
	    step->request == VHOST_USER_GET_VRING_BASE ||
	    step->request == VHOST_USER_SET_VRING_ENABLE)
		payload.state = (struct vhost_wire_vring_state){
			(uint32_t)step->u64, (uint32_t)(step->u64 >> 32)
		};
	if (step->request == VHOST_USER_SET_MEM_TABLE)
		for (uint32_t i = 0; i < step->u64; i++)
			payload.mem_table.regions[i].guest_addr = i;
	if (step->request == VHOST_USER_ADD_MEM_REG ||
	    step->request == VHOST_USER_REM_MEM_REG)
		payload.mem_reg.region.guest_addr = step->u64;
	return payload;
}

/* Sends a message, which the relay does not read yet. */
static inline void send_step(struct vhost_sock *to, const struct step *step,
			     uint32_t flags)
{
	const struct vhost_wire_header header = {
		.request = step->request,
		.flags = VHOST_USER_VERSION | flags,
		.size = payload_size(step->request),
	};
	const union vhost_wire_payload payload = payload_of(step);
	unsigned int count = step->tags ? (unsigned int)strlen(step->tags) : 0;
	int fds[VHOST_USER_MAX_FDS] = { 0 };

	for (unsigned int i = 0; i < count; i++)
		fds[i] = tagged(step->tags[i]);
	assert_int_equal(vhost_sock_send(to, &header, &payload, fds, count), 0);
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
}

static inline int read_front(struct setup *s)
{
	return keeper_relay_read_front(&s->relay, s->now);
}

static inline void say_step(struct setup *s, const struct step *step,
			    uint32_t flags)
{
	send_step(&s->front, step, flags);
	assert_int_equal(read_front(s), 0);
}

/* The front end wants an answer. */
static inline void say_u64(struct setup *s, uint32_t request, uint64_t u64)
{
	const struct step step = { request, u64, NULL };

	say_step(s, &step, VHOST_USER_NEED_REPLY);
}

/* Forgets the message before. Returns true if there is one more. */
static inline bool next_message(struct vhost_sock *sock)
{
	int ret;

	vhost_sock_next(sock);
	ret = vhost_sock_recv(sock);
	assert_true(ret >= 0);
	return ret;
}

static inline void check_tags(const struct vhost_msg *msg, const char *tags)
{
	assert_int_equal(msg->fd_count, tags ? strlen(tags) : 0);
	for (unsigned int i = 0; i < msg->fd_count; i++) {
		char tag = 0;

		assert_int_equal(pread(msg->fds[i], &tag, 1, 0), 1);
		assert_int_equal(tag, tags[i]);
	}
}

/* The back end receives @step, which wants an answer. */
static inline void expect_step(struct setup *s, const struct step *step)
{
	const struct vhost_msg *msg = &s->back.msg;
	const union vhost_wire_payload payload = payload_of(step);

	assert_true(next_message(&s->back));
	assert_int_equal(msg->header.request, step->request);
	assert_int_equal(msg->header.flags,
			 VHOST_USER_VERSION | VHOST_USER_NEED_REPLY);
	assert_int_equal(msg->header.size, payload_size(step->request));
	if (msg->header.size)
		assert_memory_equal(&msg->payload, &payload,
				    sizeof(payload.u64));
	check_tags(msg, step->tags);
}

static inline void expect(struct setup *s, uint32_t request, uint64_t u64)
{
	const struct step step = { request, u64, NULL };

	expect_step(s, &step);
}

static inline void expect_nothing(struct setup *s)
{
	assert_false(next_message(&s->back));
}

static inline void answer_fd(struct setup *s, uint32_t request,
			     const void *payload, uint32_t size, int fd)
{
	assert_int_equal(
		vhost_sock_reply_fd(&s->back, request, payload, size, fd), 0);
	assert_int_equal(keeper_relay_read_back(&s->relay, s->now), 0);
}

static inline void answer_u64(struct setup *s, uint32_t request, uint64_t value)
{
	answer_fd(s, request, &value, sizeof(value), -1);
}

/* The front end receives an answer of one u64. */
static inline void hear_u64(struct setup *s, uint32_t request, uint64_t value)
{
	const struct vhost_msg *msg = &s->front.msg;

	assert_true(next_message(&s->front));
	assert_int_equal(msg->header.request, request);
	assert_int_equal(msg->header.flags,
			 VHOST_USER_VERSION | VHOST_USER_REPLY);
	assert_int_equal(msg->header.size, sizeof(value));
	assert_int_equal(msg->payload.u64, value);
}

/* The answer to a request with a reply, which has failed */
static inline void hear_empty(struct setup *s, uint32_t request)
{
	assert_true(next_message(&s->front));
	assert_int_equal(s->front.msg.header.request, request);
	assert_int_equal(s->front.msg.header.size, 0);
}

static inline void hear_nothing(struct setup *s)
{
	assert_false(next_message(&s->front));
}

/* The back end does what ->back.msg says, and answers. */
static inline void obey(struct setup *s)
{
	const struct vhost_msg *msg = &s->back.msg;
	uint32_t request = msg->header.request;
	union vhost_wire_payload reply = { .u64 = 0 };
	int fd;

	switch (request) {
	case VHOST_USER_GET_INFLIGHT_FD:
		reply.inflight = msg->payload.inflight;
		reply.inflight.mmap_size = 4096;
		fd = tagged(s->next_region++);
		answer_fd(s, request, &reply, sizeof(reply.inflight), fd);
		close(fd);
		break;
	case VHOST_USER_GET_VRING_BASE:
		reply.state = msg->payload.state;
		reply.state.num = NUM_AT_STOP;
		answer_u64(s, request, reply.u64);
		break;
	default:
		answer_u64(s, request, 0);
		break;
	}
}

static inline void obey_all(struct setup *s)
{
	while (next_message(&s->back))
		obey(s);
	assert_int_equal(s->relay.stage, KEEPER_READY);
}

/* A back end comes, and has not done anything yet. */
static inline void attach(struct setup *s)
{
	int ends[2];

	assert_int_equal(s->back.fd, -1);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	vhost_sock_init(&s->back, ends[1]);
	keeper_relay_attach(&s->relay, ends[0], false, s->now);
}

/* The back end's connection ends, and the relay notices. */
static inline void die(struct setup *s)
{
	vhost_sock_fini(&s->back);
	assert_int_equal(keeper_relay_read_back(&s->relay, s->now), 0);
	assert_int_equal(s->relay.stage, KEEPER_DETACHED);
}

/* The relay has given the back end up. */
static inline void check_detached(struct setup *s)
{
	assert_int_equal(s->relay.stage, KEEPER_DETACHED);
	vhost_sock_fini(&s->back);
}

/* Has the session get through all of @steps, and takes the answers. */
static inline void do_steps(struct setup *s, const struct step *steps)
{
	for (; steps->request; steps++) {
		say_step(s, steps, VHOST_USER_NEED_REPLY);
		obey_all(s);
		assert_int_equal(s->relay.pending_since, 0);
		while (next_message(&s->front))
			;
	}
}

#endif
