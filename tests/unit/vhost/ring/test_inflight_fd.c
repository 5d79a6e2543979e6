/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* GET_INFLIGHT_FD and SET_INFLIGHT_FD: what they take and what they refuse. */
#include "tests/unit/vhost/ring/inflight_rig.h"

TEST_WITH(test_region_is_given_zeroed_and_large_enough, struct setup *s)
{
	const uint32_t sizes[] = { 24, 20 };

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

TEST_WITH(test_impossible_sizes_get_an_empty_reply_and_a_nack, struct setup *s)
{
	const uint16_t bad[][2] = { { 0, 4 },	 { 3, 4 },     { 65535, 4 },
				    { 1, 0 },	 { 1, 32769 }, { 1, 65535 },
				    { 65535, 0 } };
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

TEST_WITH(test_region_must_be_in_its_file, struct setup *s)
{
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

TEST_WITH(test_other_versions_and_sizes_are_refused, struct setup *s)
{
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

TEST_MAIN(setup, teardown)
