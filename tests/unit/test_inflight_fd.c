/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* GET_INFLIGHT_FD, SET_INFLIGHT_FD, and rings that start with a region. */
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/unit/vrings_rig.h"
#include "vhost/inflight_layout.h"

#define PART KIB(4) /* the room that most tests give a region */

static uint64_t tell_inflight(struct setup *s,
			      const struct vhost_wire_inflight *inflight,
			      int fd)
{
	return tell(s->f, VHOST_USER_SET_INFLIGHT_FD, inflight,
		    sizeof(*inflight), &fd, fd >= 0);
}

static struct vhost_wire_inflight one_queue(void)
{
	return (struct vhost_wire_inflight){
		.mmap_size = PART,
		.num_queues = 1,
		.queue_size = QUEUES,
	};
}

/* Asks for a region of @size bytes' worth of request. Returns its file. */
static int get_region(struct setup *s, struct vhost_wire_inflight *inflight,
		      uint32_t size)
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

static void test_region_is_given_zeroed_and_large_enough(void **state)
{
	const uint32_t sizes[] = { 24, 20 };
	struct setup *s = *state;

	for (unsigned int i = 0; i < 2; i++) {
		struct vhost_wire_inflight inflight = {
			.mmap_size = 77,
			.num_queues = 2,
			.queue_size = 32768,
		};
		int fd = get_region(s, &inflight, sizes[i]);
		struct stat st;
		uint8_t *map;

		assert_int_equal(inflight.num_queues, 2);
		assert_int_equal(inflight.queue_size, 32768);
		assert_int_equal(inflight.mmap_offset, 0);
		assert_true(inflight.mmap_size >=
			    2 * inflight_bytes(false, 32768));
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_size, inflight.mmap_size);
		map = mmap(NULL, inflight.mmap_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);
		assert_true(map != MAP_FAILED);
		for (uint64_t k = 0; k < inflight.mmap_size; k++)
			assert_int_equal(map[k], 0);
		munmap(map, inflight.mmap_size);
		assert_int_equal(tell_inflight(s, &inflight, fd), 0);
		close(fd);
	}
}

static void test_impossible_sizes_get_an_empty_reply_and_a_nack(void **state)
{
	const uint16_t bad[][2] = { { 0, 4 },	 { 3, 4 },     { 65535, 4 },
				    { 1, 0 },	 { 1, 32769 }, { 1, 65535 },
				    { 65535, 0 } };
	struct setup *s = *state;
	struct vhost_wire_inflight inflight = { .mmap_size = KIB(16) };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		inflight.num_queues = bad[i][0];
		inflight.queue_size = bad[i][1];
		assert_int_equal(ask(s->f, VHOST_USER_GET_INFLIGHT_FD,
				     &inflight, sizeof(inflight)),
				 0);
		assert_int_equal(tell_inflight(s, &inflight, s->ram.fd), 1);
	}
}

static void test_region_must_be_in_its_file(void **state)
{
	struct setup *s = *state;
	struct vhost_wire_inflight inflight = one_queue();
	const uint64_t sizes[] = { 0, 1, 64, 79 };
	const uint64_t offsets[] = {
		1,	     4,		 KIB(4),	 KIB(8),
		KIB(4) - 64, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 63
	};
	int fd = memfd_create("region", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, (off_t)PART), 0);
	assert_int_equal(tell_inflight(s, &inflight, -1), 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		inflight.mmap_size = sizes[i];
		assert_int_equal(tell_inflight(s, &inflight, fd), 1);
	}
	inflight.mmap_size = 256;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		inflight.mmap_offset = offsets[i];
		assert_int_equal(tell_inflight(s, &inflight, fd), 1);
	}
	inflight.mmap_offset = KIB(4) - 256;
	assert_int_equal(tell_inflight(s, &inflight, fd), 0);
	assert_int_equal(s->f->session.inflight.size, QUEUES);
	/* no descriptor that can be mapped */
	assert_int_equal(tell_inflight(s, &inflight, s->kick), 1);
	assert_int_equal(s->f->session.inflight.size, QUEUES);
	close(fd);
}

/* A region of ours, for one queue, that the front end looks into */
struct area {
	struct vhost_wire_inflight inflight;
	int fd;
	struct inflight_split *region;
};

static void area_open(struct area *a)
{
	a->inflight = one_queue();
	a->fd = memfd_create("region", MFD_CLOEXEC);
	assert_int_equal(ftruncate(a->fd, (off_t)PART), 0);
	a->region =
		mmap(NULL, PART, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, 0);
	assert_true(a->region != MAP_FAILED);
}

static void area_close(struct area *a)
{
	munmap(a->region, PART);
	close(a->fd);
}

static void test_other_versions_and_sizes_are_refused(void **state)
{
	struct setup *s = *state;
	struct area a;

	area_open(&a);
	a.region->version = 2;
	a.region->desc_num = QUEUES;
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 1);
	a.region->version = 1;
	a.region->features = 1;
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 1);
	a.region->features = 0;
	a.region->desc_num = QUEUES + 1;
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 1);
	assert_int_equal(s->f->session.inflight.rings, 0);
	a.region->desc_num = QUEUES;
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 0);
	area_close(&a);
}

/* In Cloud Hypervisor's order */
static uint64_t start_tracked(struct setup *s, struct area *a, uint32_t from)
{
	assert_int_equal(num(s, QUEUES), 0);
	assert_int_equal(tell_inflight(s, &a->inflight, a->fd), 0);
	assert_int_equal(tell_addr(s->f, 0, &s->ring), 0);
	assert_int_equal(base(s, from), 0);
	assert_int_equal(enable(s, 1), 0);
	return kick(s);
}

/* Two requests, of one descriptor each, at 0 and 1 */
static void offer_two(struct setup *s)
{
	for (uint16_t i = 0; i < 2; i++) {
		hand_desc(&s->ring.desc[i], s->ring.buffers, 1,
			  VIRTQ_DESC_F_WRITE, 0);
		hand_offer(&s->ring, i);
	}
}

static void pop(struct setup *s, uint16_t head, bool unknown)
{
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 1);
	assert_int_equal(s->chain.head, head);
	assert_int_equal(s->chain.outcome_unknown, unknown);
}

static void test_base_that_is_the_avail_index_loses_nothing(void **state)
{
	struct setup *s = *state;
	struct area a;

	area_open(&a);
	offer_two(s);
	assert_int_equal(start_tracked(s, &a, 2), 0);
	assert_int_equal(a.region->version, 1);
	assert_int_equal(a.region->desc_num, QUEUES);
	assert_true(s->f->fresh[0]);
	pop(s, 0, false);
	vhost_session_begin(&s->f->session, 0, &s->chain);
	assert_int_equal(a.region->desc[0].inflight, 1);
	vhost_session_push(&s->f->session, 0, &s->chain, 1);
	assert_int_equal(a.region->desc[0].inflight, 0);
	assert_int_equal(a.region->used_idx, 1);
	pop(s, 1, false);
	area_close(&a);
}

static void test_begun_is_popped_again_as_unknown(void **state)
{
	struct setup *s = *state;
	struct area a;

	area_open(&a);
	offer_two(s);
	a.region->version = 1;
	a.region->desc_num = QUEUES;
	a.region->desc[0].inflight = 1;
	assert_int_equal(start_tracked(s, &a, 2), 0);
	assert_false(s->f->fresh[0]);
	assert_true(ring_of(s)->recovered);
	pop(s, 0, true);
	/* It stays so when it was given back. */
	vring_unpop(&ring_of(s)->vring, &s->chain);
	pop(s, 0, true);
	ring_of(s)->note = 0x123456;
	vhost_session_push(&s->f->session, 0, &s->chain, 1);
	pop(s, 1, false);
	/* The ring stops, with one in it, and starts elsewhere. */
	vring_unpop(&ring_of(s)->vring, &s->chain);
	assert_int_equal(ask_base(s->f, 0), 1);
	assert_int_equal(start_tracked(s, &a, 0), 0);
	assert_int_equal(ring_of(s)->note, 0x123456);
	pop(s, 1, false);
	area_close(&a);
}

static void test_begun_in_the_order_of_the_ring_only(void **state)
{
	struct setup *s = *state;
	struct area a;

	area_open(&a);
	offer_two(s);
	a.region->version = 1;
	a.region->desc_num = QUEUES;
	a.region->desc[1].inflight = 1;
	assert_int_equal(start_tracked(s, &a, 2), 1);
	assert_int_equal(s->f->started[0], 0);
	a.region->desc[0].inflight = 1;
	assert_int_equal(kick(s), 0);
	pop(s, 0, true);
	vhost_session_push(&s->f->session, 0, &s->chain, 1);
	pop(s, 1, true);
	area_close(&a);
}

static void test_region_of_another_life_is_made_anew(void **state)
{
	struct setup *s = *state;
	struct area a;

	for (unsigned int i = 0; i < 2; i++) {
		area_open(&a);
		a.region->version = 1;
		a.region->desc_num = QUEUES;
		/* more used, or more begun, than this ring has */
		a.region->used_idx = i ? 0 : 100;
		a.region->desc[0].inflight = 1;
		assert_int_equal(start_tracked(s, &a, 0), 0);
		assert_true(s->f->fresh[0]);
		assert_int_equal(a.region->used_idx, 0);
		assert_int_equal(a.region->desc[0].inflight, 0);
		assert_int_equal(ask_base(s->f, 0), 0);
		area_close(&a);
		ring_of(s)->resumes = false;
	}
}

static void test_base_counts_when_we_stopped_the_ring(void **state)
{
	struct setup *s = *state;
	struct area a;

	area_open(&a);
	assert_int_equal(start_tracked(s, &a, 0), 0);
	offer_two(s);
	pop(s, 0, false);
	vhost_session_begin(&s->f->session, 0, &s->chain);
	vhost_session_push(&s->f->session, 0, &s->chain, 1);
	assert_int_equal(ask_base(s->f, 0), 1);
	hand_ring_open(&s->ring, &s->ram, QUEUES, 500);
	assert_int_equal(base(s, 500), 0);
	assert_int_equal(kick(s), 0);
	assert_int_equal(a.region->used_idx, 500);
	area_close(&a);
}

static void test_ring_must_fit_and_must_not_run(void **state)
{
	struct setup *s = *state;
	struct area a;

	area_open(&a);
	assert_int_equal(start_tracked(s, &a, 0), 0);
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 1);
	assert_int_equal(ask_base(s->f, 0), 0);
	a.inflight.queue_size = 2;
	memset(a.region, 0, PART);
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 0);
	assert_int_equal(kick(s), 1);
	a.inflight.queue_size = QUEUES;
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 0);
	assert_int_equal(kick(s), 0);
	area_close(&a);
}

/* The region of a front end that only asks for one */
static void test_region_is_used_from_get_on(void **state)
{
	struct setup *s = *state;
	struct vhost_wire_inflight inflight = one_queue();
	int fd = get_region(s, &inflight, sizeof(inflight));
	struct inflight_split *region =
		mmap(NULL, inflight.mmap_size, PROT_READ, MAP_SHARED, fd, 0);

	assert_true(region != MAP_FAILED);
	assert_int_equal(num(s, QUEUES), 0);
	assert_int_equal(tell_addr(s->f, 0, &s->ring), 0);
	assert_int_equal(enable(s, 1), 0);
	assert_int_equal(kick(s), 0);
	assert_int_equal(region->version, 1);
	offer_two(s);
	pop(s, 0, false);
	vhost_session_begin(&s->f->session, 0, &s->chain);
	assert_int_equal(region->desc[0].inflight, 1);
	/* not while the ring runs */
	assert_int_equal(ask(s->f, VHOST_USER_GET_INFLIGHT_FD, &inflight,
			     sizeof(inflight)),
			 0);
	vhost_session_push(&s->f->session, 0, &s->chain, 1);
	munmap(region, inflight.mmap_size);
	close(fd);
}

static void test_packed_ring_needs_the_larger_region(void **state)
{
	const uint64_t features = BIT(VIRTIO_F_VERSION_1) |
				  BIT(VHOST_USER_F_PROTOCOL_FEATURES) |
				  BIT(VIRTIO_F_RING_PACKED);
	struct setup *s = *state;
	struct area a;

	area_open(&a);
	a.inflight.mmap_size = inflight_bytes(false, QUEUES);
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 0);
	assert_int_equal(tell_u64(s->f, VHOST_USER_SET_FEATURES, features), 0);
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 1);
	a.inflight.mmap_size = inflight_bytes(true, QUEUES);
	/* the avail index is ahead of the used index */
	assert_int_equal(start_tracked(s, &a, 0x80008003), 0);
	assert_int_equal(a.region->version, 1);
	assert_int_equal(ask_base(s->f, 0), 0x80008000);
	area_close(&a);
}

static void test_region_cut_short_is_noticed(void **state)
{
	struct setup *s = *state;
	struct area a;

	assert_int_equal(guest_mem_handle_sigbus(), 0);
	guest_mem_watch(&s->f->session.mem);
	area_open(&a);
	offer_two(s);
	assert_int_equal(start_tracked(s, &a, 0), 0);
	pop(s, 0, false);
	assert_false(vhost_session_lost_memory(&s->f->session));
	assert_int_equal(ftruncate(a.fd, 0), 0);
	vhost_session_begin(&s->f->session, 0, &s->chain);
	assert_true(vhost_session_lost_memory(&s->f->session));
	guest_mem_watch(NULL);
	area_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_region_is_given_zeroed_and_large_enough),
		TEST(test_impossible_sizes_get_an_empty_reply_and_a_nack),
		TEST(test_region_must_be_in_its_file),
		TEST(test_other_versions_and_sizes_are_refused),
		TEST(test_base_that_is_the_avail_index_loses_nothing),
		TEST(test_begun_is_popped_again_as_unknown),
		TEST(test_begun_in_the_order_of_the_ring_only),
		TEST(test_region_of_another_life_is_made_anew),
		TEST(test_base_counts_when_we_stopped_the_ring),
		TEST(test_ring_must_fit_and_must_not_run),
		TEST(test_region_is_used_from_get_on),
		TEST(test_packed_ring_needs_the_larger_region),
		TEST(test_region_cut_short_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
