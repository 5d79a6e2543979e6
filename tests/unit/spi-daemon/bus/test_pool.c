/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Who shares a handle, and a bus; test_spidev_probe.c has real devices. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spi-daemon/bus/pool.h"
#include "tests/lib/test.h"

static struct device_spec parse(const char *text)
{
	struct device_spec spec;
	char error[256];

	if (device_spec_parse(text, &spec, error, sizeof(error)))
		fail_msg("%s", error);
	return spec;
}

static struct handle *get(struct pool *pool, const struct device_spec *spec,
			  const char *owner, unsigned int index)
{
	struct handle *handle;
	char error[512];

	if (pool_get(pool, spec, owner, index, &handle, error, sizeof(error)))
		fail_msg("%s", error);
	return handle;
}

TEST(simulated_chip_belongs_to_its_place_in_a_list)
{
	struct device_spec spec = parse("sim:loopback");
	struct handle *a, *again, *next, *other;
	struct pool pool;

	pool_init(&pool);
	a = get(&pool, &spec, "a", 0);
	again = get(&pool, &spec, "a", 0);
	next = get(&pool, &spec, "a", 1);
	other = get(&pool, &spec, "b", 0);
	assert_ptr_equal(a, again);
	assert_ptr_not_equal(a, next);
	assert_ptr_not_equal(a, other);
	assert_ptr_not_equal(a->bus, next->bus);
	pool_put(&pool, a);
	pool_put(&pool, other);
	pool_put(&pool, next);
	pool_put(&pool, again);
	pool_fini(&pool);
	device_spec_free(&spec);
}

TEST(simulated_chips_with_one_bus_name_share_it)
{
	static const char *const texts[] = {
		"sim:loopback,bus=a",
		"sim:nor,size=64k,bus=b",
		"sim:nor,size=64k,bus=a",
		"sim:loopback",
	};
	struct device_spec specs[4];
	struct handle *h[4];
	struct pool pool;

	pool_init(&pool);
	for (unsigned int i = 0; i < 4; i++) {
		specs[i] = parse(texts[i]);
		h[i] = get(&pool, &specs[i], i < 2 ? "a" : "b", i);
	}
	assert_ptr_equal(h[0]->bus, h[2]->bus);
	assert_ptr_not_equal(h[0]->bus, h[1]->bus);
	assert_ptr_not_equal(h[0]->bus, h[3]->bus);
	assert_ptr_not_equal(h[1]->bus, h[3]->bus);
	for (unsigned int i = 0; i < 4; i++) {
		pool_put(&pool, h[i]);
		device_spec_free(&specs[i]);
	}
	pool_fini(&pool);
}

static struct handle *get_text(struct pool *pool, const char *key,
			       const char *owner)
{
	struct device_spec spec = parse(key);
	struct handle *handle = get(pool, &spec, owner, 0);

	device_spec_free(&spec);
	return handle;
}

TEST(chips_with_one_path_are_told_apart)
{
	struct handle *a, *b, *c, *nor;
	struct pool pool;

	pool_init(&pool);
	a = get_text(&pool, "sim:loopback", "a");
	nor = get_text(&pool, "sim:nor,size=64k", "a");
	b = get_text(&pool, "sim:loopback,bus=x", "b");
	assert_string_equal(a->name, "sim:loopback");
	assert_string_equal(a->bus->name, "sim:loopback (own)");
	assert_string_equal(nor->name, "sim:nor");
	assert_string_equal(b->name, "sim:loopback#2");
	assert_string_equal(b->bus->name, "sim:x");
	/* A number that is in use is not given again. */
	pool_put(&pool, a);
	c = get_text(&pool, "sim:loopback", "c");
	assert_string_equal(c->name, "sim:loopback#3");
	assert_string_equal(c->bus->name, "sim:loopback#3 (own)");
	pool_put(&pool, b);
	pool_put(&pool, c);
	a = get_text(&pool, "sim:loopback", "a");
	assert_string_equal(a->name, "sim:loopback");
	pool_put(&pool, a);
	pool_put(&pool, nor);
	pool_fini(&pool);
}

/* Whatever it is called, and before it exists as well as after. */
TEST(flash_with_a_file_belongs_to_all)
{
	char dir[] = "/tmp/test-pool-XXXXXX", text[96];
	struct device_spec spec, same;
	struct handle *a, *b;
	struct pool pool;

	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof(text), "sim:nor,size=64k,file=%s/f", dir);
	spec = parse(text);
	snprintf(text, sizeof(text), "sim:nor,size=64k,file=%s/./f", dir);
	same = parse(text);
	pool_init(&pool);
	a = get(&pool, &spec, "a", 0);
	b = get(&pool, &same, "b", 3);
	assert_ptr_equal(a, b);
	pool_put(&pool, a);
	pool_put(&pool, b);
	pool_fini(&pool);
	unlink(same.chip.file);
	rmdir(dir);
	device_spec_free(&spec);
	device_spec_free(&same);
}

TEST(device_that_is_not_there_is_named)
{
	static const struct {
		const char *text, *why;
		int ret;
	} cases[] = {
		{ "/dev/spidev-none", "No such file or directory", -ENOENT },
		{ "/etc/passwd", "is not a SPI character device", -ENOTTY },
		{ "/dev/null", "", 0 },
		{ "sim:nor", "", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_spec spec = parse(cases[i].text);
		char error[256] = "";

		assert_int_equal(pool_check(&spec, error, sizeof(error)),
				 cases[i].ret);
		assert_non_null(strstr(error, cases[i].why));
		assert_true(!cases[i].ret || strstr(error, cases[i].text));
		device_spec_free(&spec);
	}
}

static char asked[2][PATH_MAX];
static uint64_t asked_size[2];
static unsigned int asks;

static int give_memory(int link, const char *name, uint64_t size)
{
	int fd;

	snprintf(asked[asks], sizeof(asked[asks]), "%s", name);
	asked_size[asks++] = size;
	if (link < 0)
		return -ENOSPC;
	fd = memfd_create("pool", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

/* Each flash asks for memory of its own, by its key, and works without. */
static void check_memory(int link)
{
	const struct pool_memory memory = { give_memory, link };
	struct handle *a, *b, *loopback;
	struct pool pool;

	asks = 0;
	pool_init(&pool);
	pool_set_memory(&pool, &memory);
	a = get_text(&pool, "sim:nor,size=64k", "a");
	b = get_text(&pool, "sim:nor,size=128k", "b");
	loopback = get_text(&pool, "sim:loopback", "c");
	assert_int_equal(asks, 2);
	assert_string_not_equal(asked[0], asked[1]);
	assert_int_equal(asked_size[1] - asked_size[0], 64 * 1024);
	pool_put(&pool, a);
	pool_put(&pool, b);
	pool_put(&pool, loopback);
	a = get_text(&pool, "sim:loopback", "a");
	pool_put(&pool, a);
	pool_fini(&pool);
}

TEST(flash_asks_for_memory_by_its_key)
{
	check_memory(0);
}

TEST(flash_works_without_memory_that_it_asked_for)
{
	check_memory(-1);
}

TEST(trace_that_cannot_be_made_is_named)
{
	struct device_spec spec = parse("sim:loopback,trace=/nowhere/t.vcd");
	struct handle *handle;
	struct pool pool;
	char error[256];

	pool_init(&pool);
	assert_int_equal(
		pool_get(&pool, &spec, "a", 0, &handle, error, sizeof(error)),
		-ENOENT);
	assert_string_equal(error, "device=sim:loopback: trace=/nowhere/t.vcd: "
				   "No such file or directory");
	pool_fini(&pool);
	device_spec_free(&spec);
}

TEST_MAIN(NULL, NULL)
