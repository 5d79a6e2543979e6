/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/spi_lease.h"
#include "spi-daemon/transfer/spi_service.h"
#include "spi-daemon/transfer/spi_state.h"
#include "spi-daemon/transfer/spi_turn.h"

/* A front end has so long to say where an address of its guest is. */
#define MISS_NS NS_PER_S

/* A front end that stops the ring waits this long for a transfer to end. */
#define DRAIN_NS NS_PER_S

/* And for so many steps of clearing: those of the longest request there is. */
#define DRAIN_CLEARS (DEVICE_MAX_REQUEST_MAX / SPI_JOB_CLEAR_STEP)

int spi_service_init(struct spi_service *s, const char *guest,
		     struct controller *controller)
{
	int ret;

	*s = (struct spi_service){
		.log.guest = guest,
		.controller = controller,
	};
	bounce_init(&s->bounce, controller->max_piece);
	ret = chain_init(&s->chain, VIRTQ_MAX_SIZE);
	if (ret < 0)
		return ret;
	ret = spi_message_init(&s->message, controller, &s->stats, &s->log);
	if (ret < 0)
		chain_fini(&s->chain);
	return ret;
}

void spi_service_fini(struct spi_service *s)
{
	spi_message_fini(&s->message);
	chain_fini(&s->chain);
	bounce_empty(&s->bounce);
}

void spi_service_config_changed(struct spi_service *s)
{
	s->job.transfer.request.checked = false;
}

/*
 * Returns true if the front end has not answered within @ns where something is.
 * It may be asked for many things, one after the other.
 */
static bool is_overdue(struct spi_service *s, uint64_t now, uint64_t ns)
{
	uint64_t asks = s->session->translation.asks;

	if (!s->miss_until || s->miss_asks != asks)
		s->miss_until = now + ns;
	s->miss_asks = asks;
	if (now < s->miss_until)
		return false;
	s->miss_until = CLOCK_NEVER;
	return true;
}

/* The job cannot go on before the front end has sent something. */
static enum spi_progress await_memory(struct spi_service *s, uint64_t now)
{
	uint64_t ns = MISS_NS;

	spi_turn_settle(&s->message, now);
	if (s->message.bus) {
		/* Others wait for us as long as between two requests. */
		ns = s->job.chip->spec->cs_hold_ms * NS_PER_MS;
		s->miss_asks = s->session->translation.asks;
	}
	if (!is_overdue(s, now, ns))
		return SPI_WAIT;
	spi_job_give_up(s);
	return SPI_MORE;
}

/* The next request, or the ring itself, cannot be reached yet. */
static enum spi_progress await_request(struct spi_service *s, uint64_t now)
{
	char text[SPI_MISS_TEXT];

	if (!is_overdue(s, now, MISS_NS))
		return SPI_IDLE;
	if (vhost_session_stop_waiting(s->session, SPI_REQUESTQ))
		return SPI_MORE;
	/* It harms nobody, and goes on should the translation come. */
	guest_log_warning(&s->log, "the ring waits: %s",
			  spi_job_name_miss(s, text));
	return SPI_IDLE;
}

/* Takes the next request from the ring. */
static enum spi_progress take_step(struct spi_service *s, uint64_t now)
{
	int ret = vhost_session_pop(s->session, SPI_REQUESTQ, &s->chain);

	if (ret == -EAGAIN)
		return await_request(s, now);
	s->miss_until = 0;
	if (ret < 0)
		spi_message_cut(&s->message);
	if (ret <= 0)
		return SPI_IDLE;
	s->taken++;
	spi_job_begin(s);
	return SPI_MORE;
}

void spi_service_tick(struct spi_service *s, uint64_t now)
{
	/* A request in hand, of the same message, uses the hold. */
	if (s->job.phase == JOB_NONE)
		spi_lease_tick(&s->message, now);
}

/* Calls the driver while there is more to do, and notes what that takes. */
static void call_early(struct spi_service *s)
{
	const struct vhost_ring *ring = &s->session->rings[SPI_REQUESTQ];
	uint64_t begin = clock_now();

	if (vhost_session_call(s->session, SPI_REQUESTQ))
		call_pace_called(&s->pace, clock_now() - begin,
				 s->taken + vhost_ring_pending(ring));
}

/* The first request that the driver does not know of tells when to call it. */
static void call_in_time(struct spi_service *s, uint64_t now)
{
	if (vhost_ring_owes_call(&s->session->rings[SPI_REQUESTQ])) {
		if (now < s->call_by && !spi_job_is_clearing(&s->job))
			return;
		call_early(s);
	}
	s->call_by = now + call_pace_ns(&s->pace);
}

enum spi_progress spi_service_step(struct spi_service *s, uint64_t now)
{
	s->now = now;
	call_in_time(s, now);
	if (s->message.paused)
		spi_lease_resume(&s->message, now);
	if (s->job.phase != JOB_NONE && s->job.phase != JOB_CLEARS_REST) {
		if (!vhost_session_reach(s->session, SPI_REQUESTQ, &s->chain))
			return await_memory(s, now);
		s->miss_until = 0;
	}
	switch (s->job.phase) {
	case JOB_NONE:
		return take_step(s, now);
	case JOB_QUEUED:
		return spi_job_start(s, now);
	case JOB_RUNS:
		spi_job_run(s, now);
		return SPI_MORE;
	case JOB_CLEARS:
	case JOB_CLEARS_REST:
		spi_job_clear(s);
		s->now = clock_now();
		return SPI_MORE;
	}
	return SPI_IDLE;
}

/*
 * Returns true if the job is in @phase, and nothing is in the way of going on.
 * What is read of memory that is gone must not go over the bus.
 */
static bool goes_on(const struct spi_service *s, enum job_phase phase)
{
	return s->job.phase == phase && !vhost_session_lost_memory(s->session);
}

enum spi_progress spi_service_serve(struct spi_service *s, uint64_t now)
{
	const enum job_phase before = s->job.phase;
	enum spi_progress progress = spi_service_step(s, now);

	/* It was popped just now, so it can be reached. */
	if (before == JOB_NONE && goes_on(s, JOB_QUEUED))
		progress = spi_job_start(s, now);
	if ((before == JOB_NONE || before == JOB_QUEUED) &&
	    goes_on(s, JOB_RUNS))
		spi_job_run(s, now);
	return progress;
}

void spi_service_settle(struct spi_service *s)
{
	spi_turn_settle(&s->message, s->now);
	vhost_session_call(s->session, SPI_REQUESTQ);
}

uint64_t spi_service_deadline(const struct spi_service *s)
{
	uint64_t miss = s->miss_until ? s->miss_until : CLOCK_NEVER;
	uint64_t message;

	if (s->job.phase == JOB_NONE) {
		message = spi_lease_deadline(&s->message);
		return miss < message ? miss : message;
	}
	if (s->job.phase == JOB_QUEUED && !s->miss_until)
		return s->message.start_at;
	return miss;
}

/*
 * Ends the job; a transfer that runs may run until @deadline. What failed is
 * not cleared for ever: a chain can name the same memory thousands of times.
 */
static void drain(struct spi_service *s, uint64_t deadline)
{
	unsigned int clears = DRAIN_CLEARS;

	while (s->job.phase != JOB_NONE) {
		uint64_t now = clock_now();

		if (s->job.phase == JOB_QUEUED)
			spi_job_give_back(s);
		else if (s->job.phase == JOB_RUNS && now >= deadline)
			spi_job_stop(s);
		else if (spi_job_is_clearing(&s->job) && !clears--)
			spi_job_end(s);
		else if (spi_service_step(s, now) == SPI_WAIT)
			spi_job_give_up(
				s); /* no answer comes while we are here */
	}
	s->miss_until = 0;
	spi_lease_pause(&s->message);
}

void spi_service_abort(struct spi_service *s)
{
	drain(s, 0);
	spi_message_reset(&s->message);
	chain_trim(&s->chain);
	bounce_empty(&s->bounce);
}

static void quiesce(void *opaque, unsigned int ring)
{
	(void)ring;
	drain(opaque, clock_now() + DRAIN_NS);
}

static void start(void *opaque, unsigned int ring, bool fresh)
{
	struct spi_service *s = opaque;

	/* A driver that begins anew knows nothing of an old message. */
	if (fresh) {
		spi_message_reset(&s->message);
		controller_begin_driver(s->controller, s->new_guest);
	}
	s->new_guest = false;
	if (s->session->rings[ring].origin != VHOST_RING_RECOVERED)
		return;
	controller_resume_driver(s->controller);
	/* The chip was released when whoever selected it went away. */
	chip_select_recover(&s->message.cs, s->session->rings[ring].note);
	if (s->message.cs.chip >= s->controller->chip_count)
		chip_select_close(&s->message.cs);
	else
		chip_select_find_place(
			&s->message.cs,
			chip_table(spi_message_own_chip(&s->message)));
	s->message.cut_left = SPI_CUT_ANY;
}

static void release(void *opaque)
{
	spi_service_abort(opaque);
}

const struct vhost_device_ops spi_service_ops = {
	.quiesce = quiesce,
	.start = start,
	.release = release,
	.save = spi_state_save,
	.load = spi_state_load,
};
