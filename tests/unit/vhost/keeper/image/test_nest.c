/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* An image in a pair of sockets. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/test.h"
#include "vhost/keeper/image/nest.h"

/* More descriptors than one message can have */
#define MANY 300

/* Where the version and the first bytes are in a message */
#define VERSION_AT 8

static struct nest nest;
static unsigned int fds_before;

static int setup(void **state)
{
	(void)state;
	fds_before = open_fds();
	return nest_init(&nest);
}

static int teardown(void **state)
{
	(void)state;
	nest_fini(&nest);
	return open_fds() == fds_before ? 0 : -1;
}

/* Puts in @value, and a descriptor @count times. */
static int put(uint64_t value, unsigned int count)
{
	struct image image;
	int fd = nest.in;
	int ret;

	image_init(&image);
	image_u64(&image, &value);
	for (unsigned int i = 0; i < count; i++)
		image_fd(&image, &fd);
	assert_int_equal(image_end(&image), 0);
	ret = nest_put(&nest, &image);
	image_fini(&image);
	return ret;
}

/* As another process does, which then has the nest. */
static int take(struct image *image)
{
	nest.held = 0;
	return nest_take(nest.out, image);
}

static void check(uint64_t expected, unsigned int count)
{
	struct image image;
	uint64_t value = 0;

	assert_int_equal(take(&image), 0);
	image_u64(&image, &value);
	assert_int_equal(value, expected);
	for (unsigned int i = 0; i < count; i++) {
		int fd = -1;

		image_fd(&image, &fd);
		assert_true(fd >= 0);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
	assert_int_equal(image_end(&image), 0);
	image_fini(&image);
}

static int take_error(void)
{
	struct image image;
	int ret = take(&image);

	assert_true(ret < 0);
	return ret;
}

TEST(empty_nest_has_no_image)
{
	assert_int_equal(take_error(), -ENOENT);
}

TEST(last_image_is_taken)
{
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(put(i, i % 3), 0);
	check(49, 49 % 3);
	assert_int_equal(take_error(), -ENOENT);
}

TEST(image_may_have_many_descriptors)
{
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(put(i, MANY), 0);
	check(4, MANY);
}

/* The reader is another process; this one has died. */
TEST(image_outlives_the_writing_end)
{
	assert_int_equal(put(7, 1), 0);
	close(nest.in);
	nest.in = -1;
	check(7, 1);
}

/* The writer died between the first and the second message of an image. */
TEST(image_that_is_not_whole_is_passed_over)
{
	char bytes[200];

	assert_int_equal(put(1, 0), 0);
	nest.held = 0;
	assert_int_equal(put(2, MANY), 0);
	check(2, MANY);
	assert_int_equal(put(1, 0), 0);
	nest.held = 0;
	assert_int_equal(put(2, MANY), 0);
	/* Of the second, only its last part is left. */
	assert_true(recv(nest.out, bytes, sizeof(bytes), 0) > 0);
	assert_true(recv(nest.out, bytes, sizeof(bytes), 0) > 0);
	nest.held = 0;
	assert_int_equal(put(3, 1), 0);
	check(3, 1);
	assert_int_equal(take_error(), -ENOENT);
}

/* Replaces a byte of the message that is in the nest; its file stays. */
static void change(size_t at, uint8_t to)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control;
	uint8_t bytes[200];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(nest.out, &hdr, 0);
	int fd;

	assert_true(n > 0);
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	bytes[at] = to;
	iov.iov_len = (size_t)n;
	assert_int_equal(sendmsg(nest.in, &hdr, 0), n);
	close(fd);
}

TEST(image_of_another_version_is_refused)
{
	assert_int_equal(put(1, 0), 0);
	change(VERSION_AT, IMAGE_VERSION + 1);
	assert_int_equal(take_error(), -EPROTONOSUPPORT);
}

/* Whatever byte of the header changes, what is taken is right, or nothing. */
TEST(damaged_header_is_refused)
{
	for (size_t at = 0; at < 48; at++) {
		struct image image;
		uint64_t value = 0;
		int ret;

		assert_int_equal(put(0x1234, 0), 0);
		change(at, 0xee);
		ret = take(&image);
		if (ret)
			continue;
		image_u64(&image, &value);
		assert_int_equal(image_end(&image), 0);
		assert_int_equal(value, 0x1234);
		image_fini(&image);
	}
}

TEST_MAIN(setup, teardown)
