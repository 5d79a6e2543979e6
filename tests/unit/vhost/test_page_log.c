/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* SET_LOG_BASE, SET_LOG_FD, and LOG_ALL on and off while a ring runs. */
#include <signal.h>
#include <string.h>

#include "tests/lib/host/emulator.h"
#include "tests/unit/vhost/ring/vrings_rig.h"

#define PAGE	 KIB(4)
#define LOG_SIZE 64 /* bytes: 2 MiB of guest memory */

#define PLAIN	 (BIT(VIRTIO_F_VERSION_1) | BIT(VHOST_USER_F_PROTOCOL_FEATURES))
#define LOGS	 (PLAIN | BIT(VHOST_F_LOG_ALL))

/* Guest memory of the rig begins at 64 KiB, and the ring with it. */
#define FIRST 16

/* Returns the reply's size: 0 is a refusal. */
static uint32_t log_base(struct setup *s, const struct ram *file, uint64_t size,
			 uint64_t offset)
{
	struct vhost_wire_log log = { size, offset };
	struct fixture *f = s->f;

	say(f, VHOST_USER_SET_LOG_BASE, VHOST_USER_VERSION, &log, sizeof(log),
	    &file->fd, 1);
	handle(f);
	assert_true(hear(f));
	assert_int_equal(f->reply.header.request, VHOST_USER_SET_LOG_BASE);
	assert_int_equal(!f->reply.header.size, f->session.reason.text[0] != 0);
	if (f->reply.header.size) {
		assert_true(f->reply.payload.log.size == size);
		assert_true(f->reply.payload.log.offset == offset);
	}
	assert_false(hear(f));
	return f->reply.header.size;
}

static uint64_t features(struct setup *s, uint64_t bits)
{
	return tell_u64(s->f, VHOST_USER_SET_FEATURES, bits);
}

static uint64_t log_addr(struct setup *s, uint32_t flags, uint64_t log)
{
	struct vhost_wire_vring_addr addr = {
		.flags = flags,
		.desc = s->ring.desc_addr + RAM_USER_SHIFT,
		.used = s->ring.used_addr + RAM_USER_SHIFT,
		.avail = s->ring.avail_addr + RAM_USER_SHIFT,
		.log = log,
	};

	return tell(s->f, VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr), NULL,
		    0);
}

static void run(struct setup *s)
{
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_int_equal(enable(s, 1), 0);
}

/* One request, whose one byte is written at @addr. */
static void request_at(struct setup *s, uint64_t addr)
{
	const uint8_t byte = 1;
	struct chain_cursor to;

	hand_desc(&s->ring.desc[0], addr, 1, VIRTQ_DESC_F_WRITE, 0);
	hand_offer(&s->ring, 0);
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 1);
	chain_writer(&s->chain, &to);
	assert_int_equal(chain_write(&to, &s->f->session.mem, &byte, 1), 0);
	vring_push(&ring_of(s)->vring, &s->chain, 1);
}

TEST_WITH(test_reply_is_the_payload_and_refusals_are_empty, struct setup *s)
{
	struct vhost_wire_log none = { LOG_SIZE, 0 };
	unsigned int fds = open_fds();
	struct ram file;

	ram_open(&file, 0, PAGE, 0);
	assert_int_equal(log_base(s, &file, LOG_SIZE, 8), 16);
	assert_int_equal(log_base(s, &file, PAGE, 0), 16);
	assert_int_equal(log_base(s, &file, 0, 0), 0);
	assert_int_equal(log_base(s, &file, PAGE, 1), 0);
	assert_int_equal(log_base(s, &file, UINT64_MAX, 1), 0);
	/* The last page is 19: bit 3 of the third byte. */
	assert_int_equal(log_base(s, &file, 2, 0), 0);
	assert_int_equal(log_base(s, &file, 3, 0), 16);
	assert_int_equal(
		ask(s->f, VHOST_USER_SET_LOG_BASE, &none, sizeof(none)), 0);
	/* What was refused changed nothing. */
	assert_int_equal(s->f->session.log.dirty.pages, 24);
	ram_close(&file);
	assert_int_equal(open_fds(), fds);
}

TEST_WITH(test_log_may_come_before_memory, struct setup *s)
{
	struct ram file;

	ram_open(&file, 0, PAGE, 0);
	assert_int_equal(tell_mem(s->f, NULL, 0), 0);
	assert_int_equal(log_base(s, &file, 1, 0), 16);
	ram_close(&file);
}

/* A guest acks LOG_ALL, and nobody logs. */
TEST_WITH(test_log_all_without_a_log_logs_nothing, struct setup *s)
{
	assert_int_equal(features(s, LOGS), 0);
	run(s);
	assert_int_equal(log_addr(s, 1, 0), 0);
	request_at(s, s->ring.buffers);
	assert_null(s->f->session.mem.log);
	assert_int_equal(s->f->session.reason.text[0], 0);
}

TEST_WITH(test_log_all_and_log_may_come_in_any_order, struct setup *s)
{
	struct vhost_session *session = &s->f->session;
	struct ram file;

	ram_open(&file, 0, PAGE, 0);
	assert_int_equal(features(s, PLAIN), 0);
	assert_int_equal(log_base(s, &file, LOG_SIZE, 0), 16);
	assert_null(session->mem.log);
	assert_int_equal(features(s, LOGS), 0);
	assert_ptr_equal(session->mem.log, &session->log.dirty);
	assert_int_equal(features(s, PLAIN), 0);
	assert_null(session->mem.log);
	dirty_log_close(&session->log.dirty);
	assert_int_equal(features(s, LOGS), 0);
	assert_null(session->mem.log);
	assert_int_equal(log_base(s, &file, LOG_SIZE, 0), 16);
	assert_non_null(session->mem.log);
	ram_close(&file);
}

TEST_WITH(test_logging_is_switched_while_the_ring_runs, struct setup *s)
{
	uint64_t buffer = KIB(64) + 3 * PAGE;
	struct ram file;

	ram_open(&file, 0, PAGE, 0);
	features(s, PLAIN);
	run(s);
	request_at(s, buffer);
	assert_int_equal(log_base(s, &file, LOG_SIZE, 0), 16);
	request_at(s, buffer);
	assert_int_equal(file.host[2], 0);
	features(s, LOGS);
	request_at(s, buffer);
	assert_int_equal(file.host[2], 1u << 3);
	/* Not the used ring, so far. */
	assert_int_equal(log_addr(s, 1, (FIRST + 8) * PAGE), 0);
	request_at(s, buffer);
	assert_int_equal(file.host[3], 1);
	file.host[2] = file.host[3] = 0;
	assert_int_equal(log_addr(s, 0, (FIRST + 8) * PAGE), 0);
	request_at(s, buffer);
	assert_int_equal(file.host[2], 1u << 3);
	assert_int_equal(file.host[3], 0);
	file.host[2] = 0;
	features(s, PLAIN);
	request_at(s, buffer);
	assert_int_equal(file.host[2], 0);
	ram_close(&file);
}

TEST_WITH(test_log_address_set_before_the_start_counts, struct setup *s)
{
	struct ram file;

	ram_open(&file, 0, PAGE, 0);
	features(s, LOGS);
	assert_int_equal(log_base(s, &file, LOG_SIZE, 0), 16);
	num(s, QUEUES);
	base(s, 0);
	assert_int_equal(log_addr(s, 2, 0), 1); /* no such flag */
	assert_int_equal(log_addr(s, 1, 100 * PAGE), 0);
	kick(s);
	enable(s, 1);
	request_at(s, s->ring.buffers);
	assert_int_equal(file.host[100 / 8], 1u << 100 % 8);
	ram_close(&file);
}

TEST_WITH(test_new_memory_keeps_the_log, struct setup *s)
{
	struct ram file;

	ram_open(&file, 0, PAGE, 0);
	features(s, LOGS);
	log_base(s, &file, LOG_SIZE, 0);
	run(s);
	assert_int_equal(tell_mem(s->f, &s->ram, 1), 0);
	request_at(s, KIB(64) + PAGE);
	assert_int_equal(file.host[2], 1u << 1);
	ram_close(&file);
}

TEST_WITH(test_log_eventfd_is_signalled_after_marking, struct setup *s)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct ram file;
	uint64_t count;

	ram_open(&file, 0, PAGE, 0);
	assert_int_equal(tell(s->f, VHOST_USER_SET_LOG_FD, NULL, 0, NULL, 0),
			 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			tell(s->f, VHOST_USER_SET_LOG_FD, NULL, 0, &event, 1),
			0);
	features(s, LOGS);
	log_base(s, &file, LOG_SIZE, 0);
	run(s);
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 0);
	assert_int_equal(read(event, &count, 8), -1);
	request_at(s, s->ring.buffers);
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 0);
	assert_int_equal(read(event, &count, 8), 8);
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 0);
	assert_int_equal(read(event, &count, 8), -1);
	/* The last one, when the ring stops. */
	request_at(s, s->ring.buffers);
	ask_base(s->f, 0);
	assert_int_equal(read(event, &count, 8), 8);
	close(event);
	ram_close(&file);
}

TEST_WITH(test_lost_marks_are_said_once, struct setup *s)
{
	struct vhost_session *session = &s->f->session;
	struct ram file;

	ram_open(&file, 0, PAGE, 0);
	features(s, LOGS);
	run(s);
	assert_int_equal(log_addr(s, 1, UINT64_MAX), 1);
	assert_int_equal(log_addr(s, 0, UINT64_MAX), 0);
	assert_int_equal(log_addr(s, 1, INT64_MAX), 0);
	log_base(s, &file, LOG_SIZE, 0);
	request_at(s, s->ring.buffers);
	vhost_session_pop(session, 0, &s->chain);
	assert_non_null(strstr(session->reason.text, "the log of dirty pages"));
	session->reason.text[0] = '\0';
	request_at(s, s->ring.buffers);
	vhost_session_pop(session, 0, &s->chain);
	assert_int_equal(session->reason.text[0], 0);
	/* A new log is a new chance. */
	log_base(s, &file, LOG_SIZE, 0);
	assert_false(session->log.dirty.lost);
	request_at(s, s->ring.buffers);
	vhost_session_pop(session, 0, &s->chain);
	assert_int_not_equal(session->reason.text[0], 0);
	ram_close(&file);
}

TEST_WITH(test_log_cut_short_leaves_the_ring_running, struct setup *s)
{
	struct vhost_session *session = &s->f->session;
	struct ram file;

	need_fault_address();
	ram_open(&file, 0, PAGE, 0);
	assert_int_equal(guest_mem_handle_sigbus(), 0);
	guest_mem_watch(&session->mem);
	features(s, LOGS);
	run(s);
	log_base(s, &file, LOG_SIZE, 0);
	assert_int_equal(ftruncate(file.fd, 0), 0);
	for (int i = 0; i < 3; i++)
		request_at(s, s->ring.buffers);
	assert_true(session->log.dirty.lost);
	assert_int_equal(session->mem.broken, 0);
	assert_true(vhost_ring_is_active(ring_of(s)));
	guest_mem_watch(NULL);
	signal(SIGBUS, SIG_DFL);
	ram_close(&file);
}

TEST_MAIN(setup, teardown)
