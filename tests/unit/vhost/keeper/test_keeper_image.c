/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A keeper that becomes bytes and descriptors, and a keeper again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "vhost/keeper/guests.h"
#include "vhost/keeper/keeper_image.h"

struct setup {
	struct keeper keeper;
	struct image image;
	char dir[96];
	unsigned int fds_before;
};

static int some_fd(void)
{
	int fd = memfd_create("some", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static struct keeper_message *message(uint32_t request, unsigned int fds)
{
	struct keeper_message *m = malloc(sizeof(*m));

	assert_non_null(m);
	*m = keeper_message(request, sizeof(m->payload.u64));
	m->payload.u64 = request;
	while (m->fd_count < fds)
		m->fds[m->fd_count++] = some_fd();
	return m;
}

/* A front end that has set up a ring, and said half a message. */
static void add_relay(struct keeper_guest *guest)
{
	struct keeper_relay *relay = &guest->relay;
	struct keeper_record *record = &relay->record;

	guest->connected = true;
	keeper_relay_init(relay, some_fd(), 5, 1000);
	vhost_sock_init(&relay->back, some_fd());
	relay->stage = KEEPER_FORWARDED;
	relay->pending_since = 6000;
	relay->front.msg.header.request = VHOST_USER_SET_VRING_CALL;
	relay->front.msg.header.size = 8;
	relay->front.have = sizeof(relay->front.msg.header) + 3;
	relay->front.msg.fds[relay->front.msg.fd_count++] = some_fd();
	record->slots[KEEPER_FEATURES] = message(VHOST_USER_SET_FEATURES, 0);
	record->slots[KEEPER_TABLE] = message(VHOST_USER_SET_MEM_TABLE, 8);
	record->slots[KEEPER_SLOTS - 1] = message(VHOST_USER_SET_VRING_KICK, 1);
	record->regions = calloc(2, sizeof(*record->regions));
	assert_non_null(record->regions);
	record->region_count = 2;
	record->regions[0] = message(VHOST_USER_ADD_MEM_REG, 1);
	record->regions[1] = message(VHOST_USER_ADD_MEM_REG, 1);
	record->stopped_at[3] = 77;
	relay->known[VHOST_USER_GET_FEATURES] = 99;
	relay->is_known = 1ull << VHOST_USER_GET_FEATURES;
	relay->config_size = 20;
	relay->handover.size = 3;
	memcpy(relay->handover.state, "abc", 3);
}

static void add_guest(struct setup *s, const char *name)
{
	struct keeper_ask ask = { .group = (uint32_t)-1 };
	struct keeper_guest *guest = keeper_guest_new(&s->keeper);

	assert_non_null(guest);
	snprintf(ask.path, sizeof(ask.path), "%s/%s", s->dir, name);
	assert_int_equal(keeper_guest_listen(&s->keeper, guest, &ask), 0);
	snprintf(guest->name, sizeof(guest->name), "%s", name);
	guest->channel = some_fd();
}

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fds_before = open_fds();
	assert_int_equal(process_make_dir(s->dir, sizeof(s->dir)), 0);
	assert_int_equal(keeper_init(&s->keeper, NULL, NULL), 0);
	s->keeper.link = some_fd();
	s->keeper.ready = true;
	s->keeper.history.restarts = 5;
	add_guest(s, "a");
	add_guest(s, "b");
	add_relay(s->keeper.guests[1]);
	close(keeper_memories_get(&s->keeper.memories, "chip", 4096, false));
	image_init(&s->image);
	keeper_image(&s->image, &s->keeper, KEEPER_IMAGE_ALL, 0);
	assert_int_equal(image_end(&s->image), 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	image_fini(&s->image);
	keeper_fini(&s->keeper);
	process_remove_dir(s->dir);
	assert_int_equal(open_fds(), s->fds_before);
	free(s);
	return 0;
}

/* Begins to read the image, with descriptors of its own. */
static void begin_reading(const struct setup *s, struct image *from)
{
	const unsigned int count = s->image.fd_count;

	*from = (struct image){
		.reads = true,
		.bytes = malloc(s->image.size + 64),
		.size = s->image.size,
		.fds = calloc(count + 1, sizeof(int)),
		.fd_count = count,
	};
	assert_true(from->bytes && from->fds);
	memcpy(from->bytes, s->image.bytes, s->image.size);
	for (unsigned int i = 0; i < count; i++)
		from->fds[i] = fcntl(s->image.fds[i], F_DUPFD_CLOEXEC, 0);
}

/* Reads @from into a keeper, and frees both. Its sockets stay. */
static int read_image(struct image *from, struct image *copy)
{
	struct keeper keeper;
	int ret;

	assert_int_equal(keeper_init(&keeper, NULL, NULL), 0);
	keeper_image(from, &keeper, KEEPER_IMAGE_ALL, 0);
	ret = image_end(from);
	if (!ret && copy) {
		image_init(copy);
		keeper_image(copy, &keeper, KEEPER_IMAGE_ALL, 0);
		assert_int_equal(image_end(copy), 0);
	}
	keeper_leave(&keeper);
	keeper_fini(&keeper);
	image_fini(from);
	return ret;
}

TEST_WITH(keeper_comes_back_as_it_was, struct setup *s)
{
	struct image from, copy;

	begin_reading(s, &from);
	assert_int_equal(read_image(&from, &copy), 0);
	assert_int_equal(copy.size, s->image.size);
	assert_memory_equal(copy.bytes, s->image.bytes, copy.size);
	assert_int_equal(copy.fd_count, s->image.fd_count);
	image_fini(&copy);
}

/* A descriptor of the back end would keep that from seeing the keeper die. */
TEST_WITH(image_without_the_back_end_leaves_that_alone, struct setup *s)
{
	struct keeper_relay *relay;
	struct keeper keeper;
	struct image image;

	image_init(&image);
	keeper_image(&image, &s->keeper, KEEPER_IMAGE_ALONE, 0);
	assert_int_equal(image_end(&image), 0);
	/* The link, two channels and the connection of the relay */
	assert_int_equal(image.fd_count, s->image.fd_count - 4);
	image.reads = true;
	image.at = 0;
	for (unsigned int i = 0; i < image.fd_count; i++)
		image.fds[i] = fcntl(image.fds[i], F_DUPFD_CLOEXEC, 0);
	assert_int_equal(keeper_init(&keeper, NULL, NULL), 0);
	keeper_image(&image, &keeper, KEEPER_IMAGE_ALONE, 5000);
	assert_int_equal(image_end(&image), 0);
	relay = &keeper.guests[1]->relay;
	assert_int_equal(relay->stage, KEEPER_DETACHED);
	assert_int_equal(relay->pending_since, 6000);
	assert_int_equal(relay->alone_since, 5000);
	assert_false(keeper.ready);
	keeper_leave(&keeper);
	keeper_fini(&keeper);
	image_fini(&image);
}

/* Before another keeper is to go on with it */
TEST_WITH(image_that_could_not_be_read_is_not_written, struct setup *s)
{
	struct keeper_relay *relay = &s->keeper.guests[1]->relay;
	const uint32_t size = relay->config_size;
	struct image image;

	relay->config_size = sizeof(relay->config) + 1;
	image_init(&image);
	keeper_image(&image, &s->keeper, KEEPER_IMAGE_ALL, 0);
	assert_int_equal(image_end(&image), -EBADMSG);
	image_fini(&image);
	relay->config_size = size;
}

TEST_WITH(image_that_ends_too_early_is_refused, struct setup *s)
{
	for (size_t size = 0; size < s->image.size; size++) {
		struct image from;

		begin_reading(s, &from);
		from.size = size;
		assert_int_equal(read_image(&from, NULL), -EBADMSG);
	}
}

TEST_WITH(image_that_is_too_long_is_refused, struct setup *s)
{
	struct image from;

	begin_reading(s, &from);
	from.size++;
	assert_int_equal(read_image(&from, NULL), -EBADMSG);
}

TEST_WITH(image_with_other_descriptors_is_refused, struct setup *s)
{
	struct image from;

	begin_reading(s, &from);
	close(from.fds[--from.fd_count]);
	assert_int_equal(read_image(&from, NULL), -EBADMSG);
	begin_reading(s, &from);
	from.fds[from.fd_count++] = some_fd();
	assert_int_equal(read_image(&from, NULL), -EBADMSG);
}

/* Whatever is in it: it is refused, or is a keeper, and nothing is left. */
TEST_WITH(image_of_garbage_does_no_harm, struct setup *s)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0xff };
	const unsigned int fds = open_fds();
	unsigned int accepted = 0;

	for (size_t at = 0; at < s->image.size; at++)
		for (size_t i = 0; i < sizeof(values); i++) {
			struct image from;

			begin_reading(s, &from);
			from.bytes[at] = values[i];
			accepted += !read_image(&from, NULL);
		}
	assert_int_equal(open_fds(), fds);
	assert_true(accepted > 0);
}

TEST_WITH(random_image_does_no_harm, struct setup *s)
{
	const unsigned int fds = open_fds();

	srand(1);
	for (unsigned int i = 0; i < 3000; i++) {
		struct image from;

		begin_reading(s, &from);
		for (unsigned int k = 0; k < 1 + i % 20; k++)
			from.bytes[(size_t)rand() % from.size] =
				(uint8_t)(rand() % 3 ? rand() % 4 : rand());
		read_image(&from, NULL);
	}
	assert_int_equal(open_fds(), fds);
}

TEST_MAIN(setup, teardown)
