/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/test.h"

#define SIZE KIB(16)
#define GAP  KIB(64)

static void open_rams(struct ram *rams, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		ram_open(&rams[i], i * GAP, SIZE, i % 2 * KIB(4));
}

static void close_rams(struct ram *rams, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		ram_close(&rams[i]);
}

static bool is_mapped(struct fixture *f, uint64_t addr)
{
	size_t got;

	return guest_mem_at(&f->session.mem, addr, 1, &got);
}

TEST_WITH(test_table_replaces_the_old_one, struct fixture *f)
{
	struct ram rams[8];
	unsigned int fds;

	open_rams(rams, 8);
	fds = open_fds();
	assert_int_equal(tell_mem(f, rams, 8), 0);
	assert_int_equal(f->session.mem.count, 8);
	for (unsigned int i = 0; i < 8; i++) {
		size_t got;
		uint8_t *at = guest_mem_at(&f->session.mem, i * GAP, 1, &got);

		rams[i].host[0] = (uint8_t)(i + 1);
		assert_int_equal(*at, i + 1);
	}
	assert_int_equal(tell_mem(f, &rams[3], 1), 0);
	assert_int_equal(f->session.mem.count, 1);
	assert_true(is_mapped(f, 3 * GAP));
	assert_int_equal(tell_mem(f, rams, 0), 0);
	assert_int_equal(f->session.mem.count, 0);
	assert_int_equal(open_fds(), fds);
	close_rams(rams, 8);
}

TEST_WITH(test_table_that_contradicts_itself_changes_nothing, struct fixture *f)
{
	static const struct {
		uint32_t count, in_payload, files;
	} lies[] = {
		{ 2, 2, 1 },	      { 1, 1, 2 },	    { 1, 2, 1 },
		{ 2, 1, 2 },	      { 0, 1, 0 },	    { 0, 0, 1 },
		{ 9, 8, 8 },	      { UINT32_MAX, 1, 1 }, { 1, 0, 1 },
		{ 0x08000001, 1, 1 }, /* times 32 is 32 */
	};
	struct vhost_wire_mem_table table = { 0 };
	struct ram rams[2];
	int fds[8];

	open_rams(rams, 2);
	assert_int_equal(tell_mem(f, rams, 2), 0);
	for (int i = 0; i < 8; i++)
		fds[i] = rams[0].fd;
	table.regions[0].size = table.regions[1].size = KIB(4);
	table.regions[1].guest_addr = table.regions[1].user_addr = KIB(4);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		table.count = lies[i].count;
		assert_int_equal(tell(f, VHOST_USER_SET_MEM_TABLE, &table,
				      8 + 32 * lies[i].in_payload, fds,
				      lies[i].files),
				 1);
		assert_int_equal(f->session.mem.count, 2);
		assert_true(is_mapped(f, GAP));
	}
	close_rams(rams, 2);
}

TEST_WITH(test_table_with_one_bad_region_changes_nothing, struct fixture *f)
{
	struct ram rams[4];
	unsigned int fds;

	open_rams(rams, 4);
	fds = open_fds();
	assert_int_equal(tell_mem(f, rams, 1), 0);
	for (unsigned int bad = 1; bad < 4; bad++) {
		struct ram mixed[3];

		memcpy(mixed, &rams[1], sizeof(mixed));
		mixed[bad - 1].spec.size++;
		assert_int_equal(tell_mem(f, mixed, 3), 1);
		assert_int_equal(f->session.mem.count, 1);
		assert_true(is_mapped(f, 0));
		assert_false(is_mapped(f, GAP));
	}
	rams[2].spec.guest_addr = 0; /* overlaps the new 0, not the old one */
	assert_int_equal(tell_mem(f, &rams[2], 1), 0);
	assert_int_equal(tell_mem(f, rams, 3), 1);
	assert_non_null(strstr(f->session.reason.text, "overlaps"));
	assert_int_equal(open_fds(), fds);
	close_rams(rams, 4);
}

TEST_WITH(test_regions_come_and_go_one_by_one, struct fixture *f)
{
	struct ram rams[3];
	unsigned int fds;

	open_rams(rams, 3);
	fds = open_fds();
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			tell_region(f, VHOST_USER_ADD_MEM_REG, &rams[i], true),
			0);
	assert_int_equal(tell_region(f, VHOST_USER_ADD_MEM_REG, &rams[1], true),
			 1);
	assert_non_null(strstr(f->session.reason.text, "overlaps"));
	assert_int_equal(f->session.mem.count, 3);

	/* with and without a descriptor */
	assert_int_equal(tell_region(f, VHOST_USER_REM_MEM_REG, &rams[1], true),
			 0);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &rams[0], false), 0);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &rams[1], false), 1);
	assert_non_null(strstr(f->session.reason.text, "is not in the table"));
	assert_int_equal(f->session.mem.count, 1);
	assert_true(is_mapped(f, 2 * GAP));

	assert_int_equal(
		tell_region(f, VHOST_USER_ADD_MEM_REG, &rams[0], false), 1);
	rams[0].spec.size++;
	assert_int_equal(tell_region(f, VHOST_USER_ADD_MEM_REG, &rams[0], true),
			 1);
	rams[0].spec.size--;
	assert_int_equal(f->session.mem.count, 1);
	assert_int_equal(open_fds(), fds);
	close_rams(rams, 3);
}

TEST_WITH(test_as_many_slots_as_are_named_can_be_used, struct fixture *f)
{
	uint64_t slots;
	struct ram ram;

	ram_open(&ram, 0, KIB(4), 0);
	assert_int_equal(ask(f, VHOST_USER_GET_MAX_MEM_SLOTS, NULL, 0), 8);
	slots = f->reply.payload.u64;
	assert_int_equal(slots, 509);
	for (uint64_t i = 0; i <= slots; i++) {
		ram.spec.guest_addr = ram.spec.user_addr = i * KIB(4);
		assert_int_equal(
			tell_region(f, VHOST_USER_ADD_MEM_REG, &ram, true),
			i == slots);
	}
	assert_non_null(strstr(f->session.reason.text, "one too many"));
	ram_close(&ram);
}

TEST_MAIN(session_setup_negotiated, session_teardown)
