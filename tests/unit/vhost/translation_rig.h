/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A session behind an IOMMU, with memory, a back-end channel and a ring that is
 * laid out on the first page: for tests of translation.c and ring_place.c.
 */
#ifndef TEST_TRANSLATION_RIG_H
#define TEST_TRANSLATION_RIG_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/test.h"

#define PAGE   KIB(4)
#define BASE   KIB(64)
#define QUEUES 4

/* The driver's addresses: the guest's and this */
#define SHIFT (UINT64_C(1) << 40)

struct setup {
	struct fixture *f;
	struct ram ram;
	struct hand_ring ring;
	struct chain chain;
	int channel; /* the front end's end */
	int err;
};

static inline struct vhost_ring *ring_of(struct setup *s)
{
	return &s->f->session.rings[0];
}

static inline uint64_t set_features(struct setup *s, bool platform)
{
	return tell_u64(s->f, VHOST_USER_SET_FEATURES,
			BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_INDIRECT_DESC) |
				BIT(VHOST_USER_F_PROTOCOL_FEATURES) |
				(uint64_t)platform << VIRTIO_F_ACCESS_PLATFORM);
}

static inline void open_channel(struct setup *s)
{
	int fds[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(
		tell(s->f, VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0, &fds[1], 1),
		0);
	close(fds[1]);
	s->channel = fds[0];
}

static inline int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));
	void *f;

	assert_non_null(s);
	session_setup_negotiated(&f);
	s->f = f;
	ram_open(&s->ram, BASE, KIB(64), 0);
	assert_int_equal(tell_mem(s->f, &s->ram, 1), 0);
	assert_int_equal(set_features(s, true), 0);
	hand_ring_open(&s->ring, &s->ram, QUEUES, 0);
	assert_int_equal(chain_init(&s->chain, QUEUES), 0);
	s->err = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	open_channel(s);
	*state = s;
	return 0;
}

static inline int teardown(void **state)
{
	struct setup *s = *state;
	void *f = s->f;

	chain_fini(&s->chain);
	ram_close(&s->ram);
	close(s->channel);
	close(s->err);
	free(s);
	return session_teardown(&f);
}

/* The driver's @addr is the guest's @to; @type is an IOTLB_MSG's. */
static inline uint64_t say_iotlb(struct setup *s, uint8_t type, uint64_t addr,
				 uint64_t size, uint64_t to, uint8_t access)
{
	const struct vhost_wire_iotlb msg = {
		.iova = addr + SHIFT,
		.size = size,
		.user_addr = to + RAM_USER_SHIFT,
		.access = access,
		.type = type,
	};

	/* Answered without being asked to. */
	assert_int_equal(ask(s->f, VHOST_USER_IOTLB_MSG, &msg, sizeof(msg)), 8);
	return s->f->reply.payload.u64;
}

static inline void map(struct setup *s, uint64_t addr, uint64_t size)
{
	assert_int_equal(say_iotlb(s, VHOST_IOTLB_UPDATE, addr, size, addr,
				   VHOST_ACCESS_RW),
			 0);
}

static inline void unmap(struct setup *s, uint64_t addr, uint64_t size)
{
	assert_int_equal(say_iotlb(s, VHOST_IOTLB_INVALIDATE, addr, size, 0, 0),
			 0);
}

/* The next miss that was sent; its address without SHIFT. */
static inline uint64_t asked(struct setup *s, uint8_t access)
{
	struct {
		struct vhost_wire_header header;
		struct vhost_wire_iotlb iotlb;
	} __attribute__((packed)) msg;

	assert_int_equal(recv(s->channel, &msg, sizeof(msg), MSG_DONTWAIT),
			 sizeof(msg));
	assert_int_equal(msg.header.request, VHOST_USER_BACKEND_IOTLB_MSG);
	assert_int_equal(msg.header.flags, VHOST_USER_VERSION);
	assert_int_equal(msg.header.size, 32);
	assert_int_equal(msg.iotlb.type, VHOST_IOTLB_MISS);
	assert_int_equal(msg.iotlb.access, access);
	return msg.iotlb.iova - SHIFT;
}

static inline void asked_nothing(struct setup *s)
{
	uint8_t byte;

	assert_int_equal(recv(s->channel, &byte, 1, MSG_DONTWAIT), -1);
}

static inline uint64_t tell_iova(struct setup *s)
{
	const struct vhost_wire_vring_addr addr = {
		.desc = s->ring.desc_addr + SHIFT,
		.used = s->ring.used_addr + SHIFT,
		.avail = s->ring.avail_addr + SHIFT,
	};

	return tell(s->f, VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr), NULL,
		    0);
}

static inline uint64_t start(struct setup *s)
{
	assert_int_equal(tell_state(s->f, VHOST_USER_SET_VRING_NUM, 0, QUEUES),
			 0);
	assert_int_equal(tell_state(s->f, VHOST_USER_SET_VRING_BASE, 0, 0), 0);
	assert_int_equal(tell_iova(s), 0);
	assert_int_equal(tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, s->err), 0);
	assert_int_equal(tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, 1),
			 0);
	return tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, -1);
}

/* A ring that runs, on page 0, with nothing else mapped */
static inline void start_mapped(struct setup *s)
{
	map(s, BASE, PAGE);
	assert_int_equal(start(s), 0);
	asked_nothing(s);
	assert_int_equal(s->f->started[0], 1);
}

/* One buffer to read at page @read, one to write at page @write */
static inline void offer(struct setup *s, unsigned int read, unsigned int write)
{
	hand_desc(&s->ring.desc[0], BASE + SHIFT + read * PAGE, 8,
		  VIRTQ_DESC_F_NEXT, 1);
	hand_desc(&s->ring.desc[1], BASE + SHIFT + write * PAGE, 8,
		  VIRTQ_DESC_F_WRITE, 0);
	hand_offer(&s->ring, 0);
}

static inline int pop(struct setup *s)
{
	return vhost_session_pop(&s->f->session, 0, &s->chain);
}

static inline bool reach(struct setup *s)
{
	return vhost_session_reach(&s->f->session, 0, &s->chain);
}

#endif
