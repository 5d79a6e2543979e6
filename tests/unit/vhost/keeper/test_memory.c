/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Memory that one back end leaves to the next. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "vhost/keeper/memory.h"

#define SIZE 8192

/* Returns the first byte of the memory, and then stores @mark there. */
static int exchange(struct keeper_memories *memories, const char *name,
		    uint64_t size, bool fresh, uint8_t mark)
{
	int fd = keeper_memories_get(memories, name, size, fresh);
	uint8_t old;

	if (fd < 0)
		return fd;
	assert_int_equal(pread(fd, &old, 1, 0), 1);
	assert_int_equal(pwrite(fd, &mark, 1, 0), 1);
	close(fd);
	return old;
}

TEST(name_and_size_bring_the_same_memory)
{
	struct keeper_memories memories = { .count = 0 };

	assert_int_equal(exchange(&memories, "a", SIZE, false, 1), 0);
	assert_int_equal(exchange(&memories, "b", SIZE, false, 2), 0);
	keeper_memories_renew(&memories);
	assert_int_equal(exchange(&memories, "a", SIZE, false, 3), 1);
	assert_int_equal(exchange(&memories, "b", SIZE, false, 4), 2);
	assert_int_equal(memories.count, 2);
	keeper_memories_fini(&memories);
	assert_int_equal(memories.count, 0);
}

TEST(another_size_is_new_memory)
{
	struct keeper_memories memories = { .count = 0 };

	exchange(&memories, "a", SIZE, false, 1);
	assert_int_equal(exchange(&memories, "a", 2 * SIZE, false, 2), 0);
	assert_int_equal(exchange(&memories, "a", SIZE, false, 3), 0);
	assert_int_equal(memories.count, 1);
	keeper_memories_fini(&memories);
}

/* Unless the back end that asks for another size is settled on. */
TEST(next_back_end_may_find_the_size_of_before)
{
	struct keeper_memories memories = { .count = 0 };

	exchange(&memories, "a", SIZE, false, 1);
	keeper_memories_renew(&memories);
	assert_int_equal(exchange(&memories, "a", 2 * SIZE, false, 2), 0);
	keeper_memories_renew(&memories);
	assert_int_equal(exchange(&memories, "a", SIZE, false, 3), 1);
	keeper_memories_drop(&memories);
	assert_int_equal(memories.count, 1);
	keeper_memories_fini(&memories);
}

TEST(fresh_memory_is_zero)
{
	struct keeper_memories memories = { .count = 0 };

	exchange(&memories, "a", SIZE, false, 1);
	assert_int_equal(exchange(&memories, "a", SIZE, true, 2), 0);
	assert_int_equal(exchange(&memories, "a", SIZE, false, 3), 2);
	keeper_memories_fini(&memories);
}

TEST(memory_that_nobody_asked_for_is_dropped)
{
	struct keeper_memories memories = { .count = 0 };

	exchange(&memories, "a", SIZE, false, 1);
	exchange(&memories, "b", SIZE, false, 2);
	keeper_memories_drop(&memories);
	assert_int_equal(memories.count, 2);
	keeper_memories_renew(&memories);
	assert_int_equal(exchange(&memories, "b", SIZE, false, 3), 2);
	keeper_memories_drop(&memories);
	assert_int_equal(memories.count, 1);
	assert_int_equal(exchange(&memories, "a", SIZE, false, 4), 0);
	assert_int_equal(exchange(&memories, "b", SIZE, false, 5), 3);
	keeper_memories_fini(&memories);
}

TEST(memory_is_bounded)
{
	struct keeper_memories memories = { .count = 0 };
	char name[16];

	assert_int_equal(exchange(&memories, "a", 0, false, 1), -EINVAL);
	assert_int_equal(exchange(&memories, "a", SIZE + 1, false, 1), -EINVAL);
	assert_int_equal(
		exchange(&memories, "a", KEEPER_MEMORY_SIZE + 4096, false, 1),
		-EINVAL);
	assert_int_equal(exchange(&memories, "a", KEEPER_MEMORY_SIZE, false, 1),
			 0);
	for (unsigned int i = 1; i < KEEPER_MEMORY_COUNT; i++) {
		snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(exchange(&memories, name, SIZE, false, 1), 0);
	}
	assert_int_equal(exchange(&memories, "b", SIZE, false, 1), -ENOSPC);
	assert_int_equal(exchange(&memories, "1", SIZE, false, 2), 1);
	keeper_memories_fini(&memories);
}

TEST(memory_cannot_change_its_size)
{
	struct keeper_memories memories = { .count = 0 };
	int fd = keeper_memories_get(&memories, "a", SIZE, false);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 2 * SIZE), -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, SIZE);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	keeper_memories_fini(&memories);
}

TEST_MAIN(NULL, NULL)
