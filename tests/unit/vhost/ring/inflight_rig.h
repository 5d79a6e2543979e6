/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A session that has memory, a ring and a region: for inflight_fd.c. */
#ifndef TEST_INFLIGHT_RIG_H
#define TEST_INFLIGHT_RIG_H

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/unit/vhost/ring/vrings_rig.h"
#include "vhost/ring/inflight_layout.h"

#define PART KIB(4) /* the room that most tests give a region */

static inline uint64_t tell_inflight(struct setup *s,
				     const struct vhost_wire_inflight *inflight,
				     int fd)
{
	return tell(s->f, VHOST_USER_SET_INFLIGHT_FD, inflight,
		    sizeof(*inflight), &fd, fd >= 0);
}

static inline struct vhost_wire_inflight one_queue(void)
{
	return (struct vhost_wire_inflight){
		.mmap_size = PART,
		.num_queues = 1,
		.queue_size = QUEUES,
	};
}

/* Asks for a region of @size bytes' worth of request. Returns its file. */
static inline int
get_region(struct setup *s, struct vhost_wire_inflight *inflight, uint32_t size)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control;
	struct vhost_wire_header header;
	struct iovec iov[] = { { &header, sizeof(header) },
			       { inflight, size } };
	struct msghdr msg = { .msg_iov = iov,
			      .msg_iovlen = 2,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd;

	say(s->f, VHOST_USER_GET_INFLIGHT_FD, VHOST_USER_VERSION, inflight,
	    size, NULL, 0);
	handle(s->f);
	assert_int_equal(recvmsg(s->f->front, &msg, MSG_CMSG_CLOEXEC),
			 sizeof(header) + size);
	assert_int_equal(header.request, VHOST_USER_GET_INFLIGHT_FD);
	assert_int_equal(header.size, size);
	assert_non_null(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* A region of ours, for one queue, that the front end looks into */
struct area {
	struct vhost_wire_inflight inflight;
	int fd;
	struct inflight_split *region;
};

static inline void area_open(struct area *a)
{
	a->inflight = one_queue();
	a->fd = memfd_create("region", MFD_CLOEXEC);
	assert_int_equal(ftruncate(a->fd, (off_t)PART), 0);
	a->region =
		mmap(NULL, PART, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, 0);
	assert_true(a->region != MAP_FAILED);
}

static inline void area_close(struct area *a)
{
	munmap(a->region, PART);
	close(a->fd);
}

/* In Cloud Hypervisor's order */
static inline uint64_t start_tracked(struct setup *s, struct area *a,
				     uint32_t from)
{
	assert_int_equal(num(s, QUEUES), 0);
	assert_int_equal(tell_inflight(s, &a->inflight, a->fd), 0);
	assert_int_equal(tell_addr(s->f, 0, &s->ring), 0);
	assert_int_equal(base(s, from), 0);
	assert_int_equal(enable(s, 1), 0);
	return kick(s);
}

/* Two requests, of one descriptor each, at 0 and 1 */
static inline void offer_two(struct setup *s)
{
	for (uint16_t i = 0; i < 2; i++) {
		hand_desc(&s->ring.desc[i], s->ring.buffers, 1,
			  VIRTQ_DESC_F_WRITE, 0);
		hand_offer(&s->ring, i);
	}
}

static inline void pop(struct setup *s, uint16_t head, bool unknown)
{
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 1);
	assert_int_equal(s->chain.head, head);
	assert_int_equal(s->chain.outcome_unknown, unknown);
}

#endif
