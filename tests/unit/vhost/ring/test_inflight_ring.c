/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Rings that start with an inflight region. */
#include "tests/lib/host/emulator.h"
#include "tests/unit/vhost/ring/inflight_rig.h"

TEST_WITH(test_base_that_is_the_avail_index_loses_nothing, struct setup *s)
{
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

TEST_WITH(test_begun_is_popped_again_as_unknown, struct setup *s)
{
	struct area a;

	area_open(&a);
	offer_two(s);
	a.region->version = 1;
	a.region->desc_num = QUEUES;
	a.region->desc[0].inflight = 1;
	assert_int_equal(start_tracked(s, &a, 2), 0);
	assert_false(s->f->fresh[0]);
	assert_int_equal(ring_of(s)->origin, VHOST_RING_RECOVERED);
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

/* The ring stops and starts in one process, and goes on in another. */
TEST_WITH(test_note_outlives_a_restart, struct setup *s)
{
	struct area a;
	uint8_t *slots[2];

	area_open(&a);
	offer_two(s);
	assert_int_equal(start_tracked(s, &a, 0), 0);
	pop(s, 0, false);
	ring_of(s)->note = 0x123456;
	vhost_session_push(&s->f->session, 0, &s->chain, 1);
	assert_int_equal(ask_base(s->f, 0), 1);
	assert_int_equal(kick(s), 0);
	for (unsigned int i = 0; i < 2; i++)
		slots[i] = a.region->desc[i].note;
	/* The next push must not overwrite it before it takes effect. */
	assert_memory_equal(
		slots[s->f->session.rings[0].inflight.note_slot ^ 1],
		"\x56\x34\x12\x01", 4);
	assert_int_equal(ask_base(s->f, 0), 1);
	ring_of(s)->note = 0;
	assert_int_equal(start_tracked(s, &a, 1), 0);
	assert_int_equal(ring_of(s)->note, 0x123456);
	area_close(&a);
}

/* What a driver left, whose ring was used 256 times */
TEST_WITH(test_note_of_another_driver_is_erased, struct setup *s)
{
	struct area a;

	area_open(&a);
	memcpy(a.region->desc[0].note, "\x56\x34\x12\x00", 4);
	memcpy(a.region->desc[1].note, "\x56\x34\x12\x00", 4);
	ring_of(s)->note = 0x123456;
	assert_int_equal(start_tracked(s, &a, 0), 0);
	assert_int_equal(ask_base(s->f, 0), 0);
	assert_int_equal(start_tracked(s, &a, 0), 0);
	assert_int_equal(ring_of(s)->origin, VHOST_RING_RECOVERED);
	assert_int_equal(ring_of(s)->note, 0);
	area_close(&a);
}

static void set_used(struct area *a, uint16_t index)
{
	a->region->version = 1;
	a->region->desc_num = QUEUES;
	a->region->used_idx = index;
}

/* The state of the device was loaded, and is that of the ring as it is. */
TEST_WITH(test_loaded_ring_need_not_be_recovered, struct setup *s)
{
	struct area a;

	area_open(&a);
	offer_two(s);
	set_used(&a, 0);
	vhost_ring_loaded(ring_of(s));
	assert_int_equal(start_tracked(s, &a, 0), 0);
	assert_int_equal(ring_of(s)->origin, VHOST_RING_LOADED);
	pop(s, 0, false);
	area_close(&a);
}

/* Or it is older than what the ring has done. */
TEST_WITH(test_loaded_ring_that_has_run_is_recovered, struct setup *s)
{
	struct area a;

	area_open(&a);
	offer_two(s);
	set_used(&a, 0);
	vhost_ring_loaded(ring_of(s));
	assert_int_equal(start_tracked(s, &a, 1), 0);
	assert_int_equal(ring_of(s)->origin, VHOST_RING_RECOVERED);
	assert_int_equal(ask_base(s->f, 0), 0);
	a.region->desc[0].inflight = 1;
	vhost_ring_loaded(ring_of(s));
	assert_int_equal(start_tracked(s, &a, 0), 0);
	assert_int_equal(ring_of(s)->origin, VHOST_RING_RECOVERED);
	pop(s, 0, true);
	area_close(&a);
}

/* INFLIGHT_SHMFD is taken back while the ring runs. */
TEST_WITH(test_begun_stays_unknown_without_the_region, struct setup *s)
{
	struct area a;

	area_open(&a);
	offer_two(s);
	a.region->version = 1;
	a.region->desc_num = QUEUES;
	a.region->desc[0].inflight = 1;
	assert_int_equal(start_tracked(s, &a, 2), 0);
	assert_int_equal(
		tell_u64(s->f, VHOST_USER_SET_PROTOCOL_FEATURES,
			 s->f->session.protocol_features &
				 ~BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD)),
		0);
	assert_int_equal(s->f->session.inflight.mem.count, 0);
	pop(s, 0, true);
	vhost_session_begin(&s->f->session, 0, &s->chain);
	vhost_session_push(&s->f->session, 0, &s->chain, 1);
	pop(s, 1, false);
	vhost_session_begin(&s->f->session, 0, &s->chain);
	vhost_session_push(&s->f->session, 0, &s->chain, 1);
	assert_int_equal(a.region->desc[1].inflight, 0);
	area_close(&a);
}

TEST_WITH(test_begun_in_the_order_of_the_ring_only, struct setup *s)
{
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

TEST_WITH(test_region_of_another_life_is_made_anew, struct setup *s)
{
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
		vhost_ring_reset(ring_of(s));
	}
}

TEST_WITH(test_base_counts_when_we_stopped_the_ring, struct setup *s)
{
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

TEST_WITH(test_ring_must_fit_and_must_not_run, struct setup *s)
{
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
TEST_WITH(test_region_is_used_from_get_on, struct setup *s)
{
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

TEST_WITH(test_packed_ring_needs_the_larger_region, struct setup *s)
{
	const uint64_t features = BIT(VIRTIO_F_VERSION_1) |
				  BIT(VHOST_USER_F_PROTOCOL_FEATURES) |
				  BIT(VIRTIO_F_RING_PACKED);
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

TEST_WITH(test_region_cut_short_is_noticed, struct setup *s)
{
	struct area a;

	need_fault_address();
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

TEST_MAIN(setup, teardown)
