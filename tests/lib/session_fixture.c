/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/session_fixture.h"

#define MOST_FDS 64

static void note_quiesce(void *opaque, unsigned int ring)
{
	struct fixture *f = opaque;
	struct vhost_ring *r = &f->session.rings[ring];
	const uint8_t *byte;
	size_t got;

	assert_true(ring < FIXTURE_RINGS);
	/* Whoever ends its requests here needs the ring and the memory. */
	assert_true(vhost_ring_is_active(r));
	f->quiesced[ring]++;
	byte = guest_mem_at(&f->session.mem, f->watch_addr, 1, &got);
	f->ram_at_quiesce = byte ? *byte : -1;
	if (f->held) {
		vring_push(&r->vring, f->held, 1);
		vhost_ring_call(r);
		f->held = NULL;
	}
}

static void note_start(void *opaque, unsigned int ring, bool fresh)
{
	struct fixture *f = opaque;

	assert_true(ring < FIXTURE_RINGS);
	assert_true(vhost_ring_is_started(&f->session.rings[ring]));
	f->started[ring]++;
	f->fresh[ring] = fresh;
}

static void note_release(void *opaque)
{
	struct fixture *f = opaque;

	for (unsigned int i = 0; i < FIXTURE_RINGS; i++)
		assert_false(vhost_ring_is_active(&f->session.rings[i]));
	f->released++;
	f->regions_at_release = f->session.mem.count;
}

static const struct vhost_device_ops note_ops = {
	.quiesce = note_quiesce,
	.release = note_release,
	.start = note_start,
};

int session_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fds[2];

	assert_non_null(f);
	*state = f;
	for (unsigned int i = 0; i < FIXTURE_CONFIG; i++)
		f->config[i] = (uint8_t)(i + 1);
	f->device = (struct vhost_device){
		.ops = &note_ops,
		.opaque = f,
		.offered = vhost_features_supported(),
		.ring_count = FIXTURE_RINGS,
		.config = f->config,
		.config_size = FIXTURE_CONFIG,
	};
	f->fds_before = open_fds();
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	f->front = fds[0];
	vhost_session_init(&f->session, &f->device, fds[1]);
	return 0;
}

int session_setup_negotiated(void **state)
{
	struct fixture *f;

	session_setup(state);
	f = *state;
	ask(f, VHOST_USER_GET_PROTOCOL_FEATURES, NULL, 0);
	assert_int_equal(tell_u64(f, VHOST_USER_SET_PROTOCOL_FEATURES,
				  f->reply.payload.u64),
			 0);
	assert_int_equal(tell_u64(f, VHOST_USER_SET_FEATURES,
				  vhost_session_offered(&f->session) &
					  ~BIT(VIRTIO_F_RING_PACKED) &
					  ~BIT(VIRTIO_F_ACCESS_PLATFORM)),
			 0);
	return 0;
}

int session_teardown(void **state)
{
	struct fixture *f = *state;

	vhost_session_fini(&f->session);
	close(f->front);
	assert_int_equal(open_fds(), f->fds_before);
	free(f);
	return 0;
}

void say_bytes(struct fixture *f, const void *bytes, size_t len, const int *fds,
	       unsigned int fd_count)
{
	union {
		char bytes[CMSG_SPACE(MOST_FDS * sizeof(int))];
		struct cmsghdr head;
	} control = { .head = {
			      .cmsg_len = CMSG_LEN(fd_count * sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
		      } };
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };

	assert_true(fd_count <= MOST_FDS);
	if (fd_count) {
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, fd_count * sizeof(int));
	}
	assert_int_equal(sendmsg(f->front, &hdr, MSG_NOSIGNAL), len);
}

void say(struct fixture *f, uint32_t request, uint32_t flags,
	 const void *payload, uint32_t size, const int *fds,
	 unsigned int fd_count)
{
	struct {
		struct vhost_wire_header header;
		uint8_t payload[512];
	} msg = { .header = { request, flags, size } };

	assert_true(size <= sizeof(msg.payload));
	if (size)
		memcpy(msg.payload, payload, size);
	say_bytes(f, &msg, sizeof(msg.header) + size, fds, fd_count);
}

void handle(struct fixture *f)
{
	assert_int_equal(vhost_session_handle(&f->session), 1);
}

bool hear(struct fixture *f)
{
	struct vhost_wire_header *h = &f->reply.header;
	ssize_t n = recv(f->front, h, sizeof(*h), MSG_DONTWAIT);

	if (n < 0)
		return false;
	assert_int_equal(n, sizeof(*h));
	assert_int_equal(h->flags, VHOST_USER_VERSION | VHOST_USER_REPLY);
	assert_true(h->size <= sizeof(f->reply.payload));
	if (h->size)
		assert_int_equal(recv(f->front, &f->reply.payload, h->size,
				      MSG_DONTWAIT),
				 h->size);
	return true;
}

uint64_t tell(struct fixture *f, uint32_t request, const void *payload,
	      uint32_t size, const int *fds, unsigned int fd_count)
{
	uint64_t ack;

	say(f, request, VHOST_USER_VERSION | VHOST_USER_NEED_REPLY, payload,
	    size, fds, fd_count);
	handle(f);
	if (!hear(f))
		return NO_ANSWER;
	assert_int_equal(f->reply.header.request, request);
	assert_int_equal(f->reply.header.size, sizeof(ack));
	ack = f->reply.payload.u64;
	assert_true(!ack || f->session.reason.text[0]);
	assert_false(hear(f));
	return ack;
}

uint32_t ask(struct fixture *f, uint32_t request, const void *payload,
	     uint32_t size)
{
	say(f, request, VHOST_USER_VERSION, payload, size, NULL, 0);
	handle(f);
	assert_true(hear(f));
	assert_int_equal(f->reply.header.request, request);
	return f->reply.header.size;
}

uint64_t tell_u64(struct fixture *f, uint32_t request, uint64_t value)
{
	return tell(f, request, &value, sizeof(value), NULL, 0);
}

uint64_t tell_state(struct fixture *f, uint32_t request, uint32_t index,
		    uint32_t num)
{
	struct vhost_wire_vring_state state = { index, num };

	return tell(f, request, &state, sizeof(state), NULL, 0);
}

uint64_t tell_fd(struct fixture *f, uint32_t request, uint32_t index, int fd)
{
	uint64_t value = index | (fd < 0 ? VHOST_USER_VRING_NOFD : 0);

	return tell(f, request, &value, sizeof(value), &fd, fd >= 0);
}

uint64_t tell_addr(struct fixture *f, uint32_t index,
		   const struct hand_ring *ring)
{
	struct vhost_wire_vring_addr addr = {
		.index = index,
		.desc = ring->desc_addr + RAM_USER_SHIFT,
		.used = ring->used_addr + RAM_USER_SHIFT,
		.avail = ring->avail_addr + RAM_USER_SHIFT,
	};

	return tell(f, VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr), NULL, 0);
}

static struct vhost_wire_region to_wire(const struct ram *ram)
{
	return (struct vhost_wire_region){
		.guest_addr = ram->spec.guest_addr,
		.size = ram->spec.size,
		.user_addr = ram->spec.user_addr,
		.mmap_offset = ram->spec.mmap_offset,
	};
}

uint64_t tell_mem(struct fixture *f, const struct ram *rams, unsigned int count)
{
	struct vhost_wire_mem_table table = { .count = count };
	int fds[VHOST_USER_MAX_FDS];

	for (unsigned int i = 0; i < count; i++) {
		table.regions[i] = to_wire(&rams[i]);
		fds[i] = rams[i].fd;
	}
	return tell(
		f, VHOST_USER_SET_MEM_TABLE, &table,
		(uint32_t)offsetof(struct vhost_wire_mem_table, regions[count]),
		fds, count);
}

uint64_t tell_region(struct fixture *f, uint32_t request, const struct ram *ram,
		     bool with_fd)
{
	struct vhost_wire_mem_reg reg = { .region = to_wire(ram) };

	return tell(f, request, &reg, sizeof(reg), &ram->fd, with_fd);
}

uint32_t ask_base(struct fixture *f, uint32_t index)
{
	struct vhost_wire_vring_state state = { .index = index };

	assert_int_equal(
		ask(f, VHOST_USER_GET_VRING_BASE, &state, sizeof(state)),
		sizeof(state));
	assert_int_equal(f->reply.payload.state.index, index);
	return f->reply.payload.state.num;
}

void start_ring(struct fixture *f, uint32_t index, const struct hand_ring *ring,
		uint16_t base, int kick)
{
	assert_int_equal(
		tell_state(f, VHOST_USER_SET_VRING_NUM, index, ring->size), 0);
	assert_int_equal(tell_state(f, VHOST_USER_SET_VRING_BASE, index, base),
			 0);
	assert_int_equal(tell_addr(f, index, ring), 0);
	assert_int_equal(tell_fd(f, VHOST_USER_SET_VRING_KICK, index, kick), 0);
}
