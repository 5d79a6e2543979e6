/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a front end may do to a ring that works. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/daemon/sleeper.h"
#include "vhost/front/front_migrate.h"
#include "vhost/front/front_setup.h"

static int new_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

/* The old one is never looked at again. */
static void replace(int *fd)
{
	int new_fd = new_eventfd();

	close(*fd);
	*fd = new_fd;
}

static void tell_fd(struct sleeper *s, uint32_t request, int fd)
{
	assert_int_equal(front_set_vring_fd(&s->front->fe, request, 0, fd), 0);
}

static void set_call(struct sleeper *s)
{
	replace(&s->front->ring.call_fd);
	tell_fd(s, VHOST_USER_SET_VRING_CALL, s->front->ring.call_fd);
}

/* As QEMU masks a vector, and unmasks it. */
static void mask_call(struct sleeper *s)
{
	int spare = new_eventfd();

	tell_fd(s, VHOST_USER_SET_VRING_CALL, spare);
	set_call(s);
	close(spare);
}

static void set_no_call(struct sleeper *s)
{
	tell_fd(s, VHOST_USER_SET_VRING_CALL, -1);
	set_call(s);
}

static void set_kick(struct sleeper *s)
{
	replace(&s->front->ring.kick_fd);
	tell_fd(s, VHOST_USER_SET_VRING_KICK, s->front->ring.kick_fd);
}

static void set_err(struct sleeper *s)
{
	replace(&s->front->ring.err_fd);
	tell_fd(s, VHOST_USER_SET_VRING_ERR, s->front->ring.err_fd);
}

static void set_log(struct sleeper *s)
{
	s->logs = !s->logs;
	replace(&s->log_fd);
	assert_int_equal(front_set_log_fd(&s->front->fe, s->log_fd), 0);
	assert_int_equal(front_set_log_base(&s->front->fe, &s->log), 0);
	assert_int_equal(front_log_all(&s->front->fe, s->logs), 0);
}

/* The ring's memory is shared twice: the ring moves to the other place. */
static void set_addr(struct sleeper *s)
{
	struct front_ring at = s->front->ring;

	if (!at.translated && sleeper_random(s, 2)) {
		at.desc_addr += SLEEPER_ALIAS;
		at.avail_addr += SLEEPER_ALIAS;
		at.used_addr += SLEEPER_ALIAS;
	}
	assert_int_equal(front_set_vring_addr(&s->front->fe, 0, &at), 0);
}

static void set_memory(struct sleeper *s)
{
	struct front_mem mem = s->front->mem;

	if (!s->front->ring.translated)
		mem.regions[mem.count++] = s->alias;
	assert_int_equal(front_set_mem_table(&s->front->fe, &mem), 0);
}

static void pause_ring(struct sleeper *s)
{
	struct front_end *fe = &s->front->fe;

	assert_int_equal(front_set_vring_enable(fe, 0, false), 0);
	if (sleeper_random(s, 2))
		set_call(s);
	if (sleeper_random(s, 2))
		set_kick(s);
	assert_int_equal(front_set_vring_enable(fe, 0, true), 0);
}

/* QEMU's order of a start: the call descriptors come last. */
static void start_as_qemu(struct sleeper *s, uint32_t base)
{
	const struct front_ring *ring = &s->front->ring;
	struct front_end *fe = &s->front->fe;

	assert_int_equal(front_set_vring_num(fe, 0, ring->size), 0);
	assert_int_equal(front_set_vring_base(fe, 0, base), 0);
	assert_int_equal(front_set_vring_addr(fe, 0, ring), 0);
	tell_fd(s, VHOST_USER_SET_VRING_KICK, ring->kick_fd);
	assert_int_equal(front_set_vring_enable(fe, 0, true), 0);
	mask_call(s);
}

/* As `stop` and `cont`: nothing is signalled that the driver did not. */
static void resume(struct sleeper *s)
{
	const struct front_ring *ring = &s->front->ring;
	uint32_t base;
	int err = front_stop_vring(&s->front->fe, 0, &base);

	/* Behind an IOMMU a new process may not know yet where the ring is. */
	if (err == -EREMOTEIO && s->crashes && ring->translated)
		base = front_ring_base(ring, ring->taken);
	else
		assert_int_equal(err, 0);
	replace(&s->front->ring.kick_fd);
	replace(&s->front->ring.err_fd);
	if (sleeper_random(s, 2)) {
		start_as_qemu(s, base);
		return;
	}
	replace(&s->front->ring.call_fd);
	assert_int_equal(
		front_start_vring(&s->front->fe, 0, &s->front->ring, base), 0);
}

/* Ends the session and begins another, or has the driver's pages unmapped. */
static void lose(struct sleeper *s)
{
	struct spi_front *front = s->front;
	uint64_t parts[] = { front->ring.desc_addr, front->ring.avail_addr,
			     front->ring.used_addr };

	if (front->ring.translated) {
		assert_int_equal(
			front_iommu_invalidate(&front->iommu,
					       parts[sleeper_random(s, 3)],
					       FRONT_MEM_PAGE),
			0);
	} else if (s->tracked) {
		s->unsure = s->in_flight;
		replace(&front->ring.call_fd);
		replace(&front->ring.kick_fd);
		assert_int_equal(spi_front_reconnect(front), 0);
		assert_int_equal(front_add_region(&front->fe, &s->alias), 0);
		s->logs = false;
	}
}

static const struct {
	const char *name;
	void (*act)(struct sleeper *s);
} exchanges[] = {
	{ "call", set_call },	    { "call masked", mask_call },
	{ "no call", set_no_call }, { "kick", set_kick },
	{ "err", set_err },	    { "log", set_log },
	{ "address", set_addr },    { "memory", set_memory },
	{ "pause", pause_ring },    { "resume", resume },
	{ "loss", lose },
};

void sleeper_exchange(struct sleeper *s)
{
	uint32_t which =
		sleeper_random(s, sizeof(exchanges) / sizeof(exchanges[0]));
	unsigned int at = s->exchanges++ % SLEEPER_HISTORY;

	s->history[at] = exchanges[which].name;
	s->history[(at + 1) % SLEEPER_HISTORY] = "(the next one)";
	/* Older QEMUs wait for no answer. */
	s->front->fe.no_acks = sleeper_random(s, 2);
	exchanges[which].act(s);
	s->front->fe.no_acks = false;
}
