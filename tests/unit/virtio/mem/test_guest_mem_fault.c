/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/skip.h"
#include "tests/lib/host/small_fs.h"
#include "tests/lib/test.h"
#include "virtio/ring/chain.h"

#define PAGE KIB(4)
#define SIZE (4 * PAGE)

struct faulty {
	struct guest_mem mem;
	struct ram ram;	  /* its file gets truncated */
	struct ram other; /* its file stays whole */
};

/* cmocka installs its SIGBUS handler before each test: ours takes its place. */
static void setup(struct faulty *f)
{
	need_fault_address();
	guest_mem_init(&f->mem);
	ram_open(&f->ram, KIB(64), SIZE, 0);
	ram_open(&f->other, KIB(128), SIZE, 0);
	ram_share(&f->ram, &f->mem);
	ram_share(&f->other, &f->mem);
	signal(SIGBUS, SIG_DFL);
	assert_int_equal(guest_mem_handle_sigbus(), 0);
	guest_mem_watch(&f->mem);
}

static void teardown(struct faulty *f)
{
	guest_mem_watch(NULL);
	guest_mem_clear(&f->mem);
	ram_close(&f->ram);
	ram_close(&f->other);
	signal(SIGBUS, SIG_DFL);
}

static void cut(const struct faulty *f, uint64_t size)
{
	assert_int_equal(ftruncate(f->ram.fd, (off_t)size), 0);
}

/* Returns the device's pointer to guest address @addr. */
static volatile uint8_t *at(const struct faulty *f, uint64_t addr)
{
	size_t got;
	void *byte = guest_mem_at(&f->mem, addr, 1, &got);

	assert_non_null(byte);
	return byte;
}

TEST(test_read_of_a_hole_gives_zero_and_marks_the_table)
{
	struct faulty f;

	setup(&f);
	*at(&f, KIB(64) + PAGE) = 7;
	*at(&f, KIB(128)) = 8;
	cut(&f, 0);
	errno = ENOTTY;
	assert_int_equal(*at(&f, KIB(64) + PAGE), 0);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(f.mem.broken, 1);
	assert_int_equal(*at(&f, KIB(128)), 8);
	/* All of the region is zeros now. */
	for (uint64_t i = 0; i < SIZE; i += PAGE)
		assert_int_equal(*at(&f, KIB(64) + i), 0);
	teardown(&f);
}

TEST(test_write_to_a_hole_lives_and_changes_no_file)
{
	struct faulty f;
	uint8_t byte = 0;

	setup(&f);
	cut(&f, PAGE);
	*at(&f, KIB(64) + SIZE - 1) = 9;
	assert_int_equal(f.mem.broken, 1);
	cut(&f, SIZE);
	assert_int_equal(pread(f.ram.fd, &byte, 1, SIZE - 1), 1);
	assert_int_equal(byte, 0);
	teardown(&f);
}

TEST(test_touch_before_the_hole_marks_nothing)
{
	struct faulty f;

	setup(&f);
	cut(&f, PAGE);
	*at(&f, KIB(64) + PAGE - 1) = 1;
	assert_int_equal(*at(&f, KIB(64) + PAGE - 1), 1);
	assert_int_equal(f.mem.broken, 0);
	teardown(&f);
}

TEST(test_both_regions_can_be_cut)
{
	struct faulty f;

	setup(&f);
	cut(&f, 0);
	assert_int_equal(ftruncate(f.other.fd, 0), 0);
	assert_int_equal(*at(&f, KIB(64)), 0);
	f.mem.broken = 0;
	assert_int_equal(*at(&f, KIB(128) + SIZE - 1), 0);
	assert_int_equal(f.mem.broken, 1);
	teardown(&f);
}

TEST(test_copies_over_a_hole_end)
{
	uint8_t buf[2 * PAGE] = { 1 };
	struct chain_cursor cursor;
	struct chain chain;
	struct faulty f;

	setup(&f);
	assert_int_equal(chain_init(&chain, 2), 0);
	chain_reset(&chain, 0);
	assert_int_equal(chain_append(&chain, KIB(64), 2 * PAGE, true), 0);
	cut(&f, PAGE);
	chain_writer(&chain, &cursor);
	assert_int_equal(chain_write(&cursor, &f.mem, buf, sizeof(buf)), 0);
	assert_int_equal(f.mem.broken, 1);
	assert_int_equal(guest_mem_read(&f.mem, KIB(64), buf, sizeof(buf)), 0);
	chain_fini(&chain);
	teardown(&f);
}

TEST(test_a_broken_region_can_be_removed_and_shared_anew)
{
	struct faulty f;

	setup(&f);
	cut(&f, 0);
	assert_int_equal(*at(&f, KIB(64)), 0);
	assert_int_equal(guest_mem_remove(&f.mem, &f.ram.spec), 0);
	cut(&f, SIZE);
	ram_share(&f.ram, &f.mem);
	*at(&f, KIB(64)) = 3;
	assert_int_equal(f.ram.host[0], 3);
	teardown(&f);
}

/* The first access to a page of a sparse file in tmpfs allocates a block. */
TEST(test_sparse_file_on_a_full_file_system_is_a_hole)
{
	struct guest_region_spec spec = { .guest_addr = KIB(256),
					  .user_addr = KIB(256),
					  .size = SIZE };
	char dir[] = "/tmp/fault.XXXXXX", fs[32], path[40];
	struct faulty f;
	int fd;

	assert_non_null(mkdtemp(dir));
	snprintf(fs, sizeof(fs), "%s/fs", dir);
	if (!small_fs_mount(fs, SIZE)) {
		rmdir(dir);
		skip_because("no small file system: mounting takes root");
	}
	setup(&f);
	snprintf(path, sizeof(path), "%s/ram", fs);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(guest_mem_add(&f.mem, &spec, fd), 0);
	small_fs_fill(fs);
	*at(&f, KIB(256) + PAGE) = 1;
	assert_int_equal(f.mem.broken, 1);
	assert_int_equal(*at(&f, KIB(256)), 0);
	close(fd);
	teardown(&f);
	small_fs_remove(fs);
	rmdir(dir);
}

static void *touch_in_thread(void *arg)
{
	struct faulty *f = arg;

	guest_mem_watch(&f->mem);
	assert_int_equal(*at(f, KIB(64)), 0);
	guest_mem_watch(NULL);
	return NULL;
}

TEST(test_each_thread_watches_its_own_table)
{
	struct faulty mine, other;
	pthread_t thread;

	setup(&other);
	setup(&mine);
	cut(&other, 0);
	assert_int_equal(pthread_create(&thread, NULL, touch_in_thread, &other),
			 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(other.mem.broken, 1);
	assert_int_equal(mine.mem.broken, 0);
	/* This thread still watches its own. */
	cut(&mine, 0);
	assert_int_equal(*at(&mine, KIB(64)), 0);
	assert_int_equal(mine.mem.broken, 1);
	teardown(&other);
	teardown(&mine);
}

/* Runs @act in a child; returns the signal that ended it, or 0. */
static int signal_of(void (*act)(struct faulty *f), struct faulty *f)
{
	const struct rlimit none = { 0 };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		setrlimit(RLIMIT_CORE, &none);
		act(f);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void touch_our_own_mapping(struct faulty *f)
{
	*(volatile uint8_t *)f->ram.host = 1;
}

static void touch_unwatched(struct faulty *f)
{
	guest_mem_watch(NULL);
	*at(f, KIB(64)) = 1;
}

static void touch_removed(struct faulty *f)
{
	struct guest_mem empty;

	guest_mem_init(&empty);
	guest_mem_watch(&empty);
	*at(f, KIB(64)) = 1;
}

static void be_killed(struct faulty *f)
{
	(void)f;
	kill(getpid(), SIGBUS);
}

static void touch_watched(struct faulty *f)
{
	*at(f, KIB(64)) = 1;
}

TEST(test_sigbus_elsewhere_ends_the_process)
{
	struct faulty f;

	setup(&f);
	cut(&f, 0);
	assert_int_equal(signal_of(touch_watched, &f), 0);
	assert_int_equal(signal_of(touch_our_own_mapping, &f), SIGBUS);
	assert_int_equal(signal_of(touch_unwatched, &f), SIGBUS);
	assert_int_equal(signal_of(touch_removed, &f), SIGBUS);
	teardown(&f);
}

TEST(test_sigbus_from_kill_ends_the_process)
{
	struct faulty f;

	setup(&f);
	assert_int_equal(signal_of(be_killed, &f), SIGBUS);
	teardown(&f);
}

TEST_MAIN(NULL, NULL)
