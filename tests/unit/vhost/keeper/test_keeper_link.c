/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a back end asks of its keeper, and when it is answered. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "vhost/keeper/keeper.h"
#include "vhost/wire/pass_fd.h"

struct setup {
	struct keeper keeper;
	int link;      /* the back end's end */
	char dir[80];  /* of the socket */
	char path[96]; /* that front ends connect to */
};

static void ignore_text(void *opaque, const char *text)
{
	(void)opaque;
	(void)text;
}

/* The last line for the log */
static char said[200];

static void note_text(void *opaque, const char *text)
{
	(void)opaque;
	snprintf(said, sizeof(said), "%s", text);
}

static void ignore(void *opaque)
{
	(void)opaque;
}

static int give_nothing(void *opaque)
{
	(void)opaque;
	return -1;
}

static const struct keeper_ops ops = {
	.log = note_text,
	.ready = ignore_text,
	.reloading = give_nothing,
	.refuses = ignore_text,
	.told = ignore,
	.hung = ignore,
};

static void attach(struct setup *s)
{
	int ends[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	s->link = ends[1];
	keeper_attach(&s->keeper, ends[0], false);
}

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	assert_int_equal(process_make_dir(s->dir, sizeof(s->dir)), 0);
	snprintf(s->path, sizeof(s->path), "%s/sock", s->dir);
	assert_int_equal(keeper_init(&s->keeper, &ops, NULL), 0);
	attach(s);
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	keeper_fini(&s->keeper);
	close(s->link);
	process_remove_dir(s->dir);
	free(s);
	return 0;
}

static void work(struct setup *s)
{
	uint64_t deadline;
	unsigned int count = keeper_fill(&s->keeper, &deadline);

	assert_int_not_equal(poll(s->keeper.fds, count, 0), -1);
	keeper_work(&s->keeper, 1000);
}

static void ask_to_listen_for(struct setup *s, uid_t user)
{
	struct keeper_ask ask = {
		.version = KEEPER_LINK_VERSION,
		.question = KEEPER_LISTEN,
		.group = (uint32_t)-1,
		.peer_uid = user,
		.peer_gid = (uint32_t)-1,
	};

	snprintf(ask.path, sizeof(ask.path), "%s", s->path);
	assert_int_equal(vhost_pass_fd(s->link, &ask, sizeof(ask), -1), 0);
}

static void ask_to_listen(struct setup *s)
{
	ask_to_listen_for(s, (uid_t)-1);
}

/* Returns the channel. */
static int take_channel(struct setup *s)
{
	struct keeper_answer answer;
	int channel;

	assert_int_equal(
		vhost_receive_fd(s->link, &answer, sizeof(answer), &channel),
		0);
	assert_int_equal(answer.ret, 0);
	assert_true(channel >= 0);
	return channel;
}

/* The back end gives the socket up. */
static void stop_listening(int channel)
{
	assert_int_equal(vhost_pass_fd(channel, "", 1, -1), 0);
	close(channel);
}

TEST_WITH(test_guest_is_replaced_at_once, struct setup *s)
{
	int channel;

	ask_to_listen(s);
	work(s);
	channel = take_channel(s);
	/* Both while the keeper sleeps */
	stop_listening(channel);
	ask_to_listen(s);
	work(s);
	close(take_channel(s));
	assert_int_equal(access(s->path, F_OK), 0);
}

static int connect_front(const struct setup *s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int front = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", s->path);
	assert_int_equal(
		connect(front, (struct sockaddr *)&address, sizeof(address)),
		0);
	return front;
}

TEST_WITH(test_front_end_of_another_user_needs_no_back_end_to_be_refused,
	  struct setup *s)
{
	int front;

	ask_to_listen_for(s, geteuid() + 1);
	work(s);
	close(take_channel(s));
	work(s);
	said[0] = '\0';
	front = connect_front(s);
	work(s);
	assert_int_equal(read(front, &(char){ 0 }, 1), 0);
	assert_non_null(strstr(said, "refused a front end: process "));
	close(front);
}

/* What is not read when a socket is closed is an error at the other end. */
TEST_WITH(test_guest_goes_while_front_ends_connect, struct setup *s)
{
	int channel, front;

	ask_to_listen(s);
	work(s);
	channel = take_channel(s);
	front = connect_front(s);
	work(s);
	stop_listening(channel);
	work(s);
	assert_int_not_equal(access(s->path, F_OK), 0);
	assert_int_equal(s->keeper.guest_count, 0);
	close(front);
}

static void say_ready(struct setup *s)
{
	const struct keeper_ask ask = {
		.version = KEEPER_LINK_VERSION,
		.question = KEEPER_IS_READY,
	};

	assert_int_equal(vhost_pass_fd(s->link, &ask, sizeof(ask), -1), 0);
}

/* All of it while the keeper sleeps: the next back end serves the guest. */
TEST_WITH(test_guest_stays_if_the_back_end_dies_when_it_is_ready,
	  struct setup *s)
{
	ask_to_listen(s);
	work(s);
	close(take_channel(s));
	say_ready(s);
	work(s);
	assert_int_equal(s->keeper.guest_count, 1);
	assert_int_equal(access(s->path, F_OK), 0);
}

/* What the next one does not listen for is served no more. */
TEST_WITH(test_guest_goes_if_the_next_back_end_does_not_listen, struct setup *s)
{
	ask_to_listen(s);
	work(s);
	close(take_channel(s));
	keeper_detach(&s->keeper, 1000);
	close(s->link);
	attach(s);
	say_ready(s);
	work(s);
	assert_int_equal(s->keeper.guest_count, 0);
	assert_int_not_equal(access(s->path, F_OK), 0);
}

/* The back end says so before it dies; or whose fault it is not. */
TEST_WITH(test_guest_that_faults_too_often_is_held_back, struct setup *s)
{
	struct keeper_ask ask = {
		.version = KEEPER_LINK_VERSION,
		.question = KEEPER_FAULT,
	};
	const struct keeper_guest *guest;

	ask_to_listen(s);
	work(s);
	close(take_channel(s));
	guest = s->keeper.guests[0];
	snprintf(ask.path, sizeof(ask.path), "%s", s->path);
	for (unsigned int i = 0; i <= 10; i++) {
		assert_int_equal(guest->held_until, 0);
		assert_int_equal(vhost_pass_fd(s->link, &ask, sizeof(ask), -1),
				 0);
		keeper_detach(&s->keeper, 1000);
		close(s->link);
		attach(s);
	}
	assert_int_equal(guest->held_until, 1000001000);
	assert_false(s->keeper.faulted);
	ask.path[0] = '\0';
	assert_int_equal(vhost_pass_fd(s->link, &ask, sizeof(ask), -1), 0);
	work(s);
	assert_true(s->keeper.faulted);
}

TEST_MAIN(setup, teardown)
