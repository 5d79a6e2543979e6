/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/spi_message.h"
#include "spi-daemon/transfer/spi_service.h"
#include "spi-daemon/transfer/spi_state.h"
#include "virtio/spi/spi_validate.h"

#define REQUESTQ 0

/* How much of a failed request's rx buffer is cleared in one step. */
#define CLEAR_STEP (4u << 20)

/* A front end has so long to say where an address of its guest is. */
#define MISS_NS NS_PER_S

/* A front end that stops the ring waits this long for a transfer to end. */
#define DRAIN_NS NS_PER_S

/* And for so many steps of clearing: those of the longest request there is. */
#define DRAIN_CLEARS (DEVICE_MAX_REQUEST_MAX / CLEAR_STEP)

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

static struct vhost_ring *ring_of(struct spi_service *s)
{
	return &s->session->rings[REQUESTQ];
}

/* Writes the status, returns the chain, and tells the guest. */
static void finish(struct spi_service *s, enum virtio_spi_status status)
{
	struct vhost_ring *ring = ring_of(s);
	uint32_t len = spi_request_finish(&s->chain, &s->session->mem, status);

	s->job.phase = JOB_NONE;
	ring->note = chip_select_note(&s->message.cs);
	vhost_session_push(s->session, REQUESTQ, &s->chain, len);
}

/* An answer that is not OK: nothing of an rx buffer may look like data. */
static void begin_clear(struct spi_service *s, enum virtio_spi_status status)
{
	struct job *job = &s->job;

	/* That may take long, and does not need a bus. */
	spi_message_leave_bus(&s->message);
	job->phase = JOB_CLEARS;
	job->status = status;
	job->clear = chain_writer(&s->chain);
	job->left = spi_request_rx_len(&s->chain);
}

static void clear_step(struct spi_service *s)
{
	struct job *job = &s->job;
	uint64_t len = job->left < CLEAR_STEP ? job->left : CLEAR_STEP;

	/* What is not mapped cannot be cleared, nor read by the guest. */
	if (chain_zero(&job->clear, &s->session->mem, len) < 0)
		len = job->left;
	job->left -= len;
	if (!job->left)
		finish(s, job->status);
}

/* Requests that were queued before the guest can know of an answer. */
static uint16_t pending(struct spi_service *s)
{
	return vhost_ring_pending(ring_of(s));
}

/* The request cannot be one, for @why. */
static void refuse(struct spi_service *s, enum request_error cause,
		   const char *why)
{
	guest_log_warning(&s->log, "request refused: %s", why);
	counter_add(&s->stats.errors[cause], 1);
	spi_message_refuse(&s->message, pending(s));
	begin_clear(s, cause == REQUEST_REFUSED ? VIRTIO_SPI_PARAM_ERR
						: VIRTIO_SPI_TRANS_ERR);
}

#define MISS_TEXT 64

/* Says in @text, of MISS_TEXT bytes, what the front end did not. */
static const char *name_miss(const struct spi_service *s, char *text)
{
	const struct vhost_want *first = &s->session->translation.wants[0];

	snprintf(text, MISS_TEXT, "no translation of address 0x%llx came",
		 (unsigned long long)first->miss.iova);
	return text;
}

/* The request may be one, but its memory cannot be reached. */
static void refuse_unreachable(struct spi_service *s)
{
	char text[MISS_TEXT];

	s->job.gave_up = true;
	refuse(s, REQUEST_MEMORY, name_miss(s, text));
}

/* The request was valid, but could not be done, or not to the end. */
static void fail(struct spi_service *s, enum request_error cause)
{
	counter_add(&s->stats.errors[cause], 1);
	spi_message_request_failed(&s->message, &s->job.framed, &s->job.plan,
				   pending(s));
	begin_clear(s, VIRTIO_SPI_TRANS_ERR);
}

/* What chip-select framing has to know. */
static void frame(struct spi_service *s)
{
	const struct spi_request *request = &s->job.transfer.request;
	struct chain_cursor tx = request->tx;
	struct cs_request *framed = &s->job.framed;

	*framed = (struct cs_request){
		.chip = request->head.chip_select_id,
		.framing = spi_message_chip(&s->message,
					    request->head.chip_select_id)
				   ->spec->framing,
		.tx = request->tx_len,
		.rx = request->rx_len,
		.cs_change = request->head.cs_change,
		.len = spi_transfer_len(request),
	};
	if (framed->tx)
		chain_read(&tx, &s->session->mem, &framed->opcode, 1);
	if (framed->tx && framed->len > 1)
		chain_read(&tx, &s->session->mem, &framed->second, 1);
}

/*
 * Reads the request in the chain. Returns true if it is valid; if not, @reason,
 * of SPI_REASON_SIZE bytes, says why.
 */
static bool parse(struct spi_service *s, char *reason)
{
	struct spi_request *request = &s->job.transfer.request;
	const char *why =
		spi_request_parse(&s->chain, &s->session->mem, request);

	if (why) {
		snprintf(reason, SPI_REASON_SIZE, "%s", why);
		return false;
	}
	return spi_validate(&s->controller->config, request, reason) &&
	       spi_transfer_check(
		       request,
		       spi_message_chip(&s->message,
					request->head.chip_select_id),
		       reason);
}

/* A chain was popped: makes a job of it. */
static void begin_job(struct spi_service *s)
{
	struct job *job = &s->job;
	char reason[SPI_REASON_SIZE];

	spi_message_popped(&s->message);
	job->gave_up = false;
	if (s->chain.unreachable) {
		refuse_unreachable(s);
		return;
	}
	if (!parse(s, reason)) {
		refuse(s, REQUEST_REFUSED, reason);
		return;
	}

	frame(s);
	job->plan = chip_select_plan(&s->message.cs, &job->framed);
	if (spi_message_is_torn_erase(&s->message, &job->framed)) {
		guest_log_warning(&s->log,
				  "request failed: behind it the chip would "
				  "have read a chip erase: see cs=");
		fail(s, REQUEST_LOST);
		return;
	}
	if (job->plan.lost) {
		guest_log_warning(&s->log,
				  "request failed: the chip was released "
				  "in the middle of its message");
		fail(s, REQUEST_LOST);
		return;
	}
	if (s->chain.outcome_unknown && !s->replay) {
		guest_log_warning(&s->log,
				  "request failed: it may have been run "
				  "before");
		fail(s, REQUEST_UNKNOWN);
		return;
	}
	job->phase = JOB_QUEUED;
	job->transfer.left = job->framed.len;
	job->transfer.joins = job->plan.joins;
	job->transfer.keep = job->plan.keep;
}

/* A transfer ends early. */
static void end_with_error(struct spi_service *s, enum request_error cause,
			   const char *step, const char *why)
{
	struct chip *chip = spi_message_chip(&s->message, s->job.framed.chip);

	if (cause == REQUEST_DEVICE)
		counter_add(&chip->handle->stats.errors, 1);
	spi_message_fail(
		&s->message, chip,
		s->job.transfer.request.head.cs_change_delay_inactive_ns);
	guest_log_warning(&s->log, "%s: %s: %s", chip->spec->path, step, why);
	fail(s, cause);
}

/* Does not let one message go on for ever while others wait. */
static bool cut_long_message(struct spi_service *s, uint64_t now)
{
	const struct chip *chip =
		spi_message_chip(&s->message, s->job.framed.chip);

	if (!spi_message_is_too_long(&s->message, chip, now))
		return false;
	counter_add(&s->stats.cuts[CUT_MAX_MESSAGE], 1);
	end_with_error(s, REQUEST_TOO_LONG, "message cut short",
		       spi_message_too_long);
	return true;
}

/* Nothing of the request is sent yet: it is kept for the rest. */
static bool keep_job(struct spi_service *s)
{
	struct job *job = &s->job;
	struct chip *chip = spi_message_chip(&s->message, job->framed.chip);
	int ret;

	if (!job->plan.defers)
		return false;
	ret = spi_message_keep(&s->message, &job->framed, &job->plan,
			       &job->transfer.request, &s->session->mem);
	if (!ret)
		return false;
	counter_add(&chip->handle->stats.requests, 1);
	if (ret < 0) {
		guest_log_warning(&s->log, "request failed: %s",
				  strerror(-ret));
		fail(s, REQUEST_MEMORY);
		return true;
	}
	stats_moved(&s->stats, &chip->handle->stats, job->framed.len, 0);
	counter_add(&s->stats.done, 1);
	finish(s, VIRTIO_SPI_TRANS_OK);
	return true;
}

/* The request's message has the chip, or gets it. */
static enum spi_begin begin_transfer(struct spi_service *s, struct chip *chip,
				     uint64_t now)
{
	struct job *job = &s->job;
	enum spi_begin begin = SPI_BEGIN_READY;

	if (s->message.cs.message != CS_HELD)
		begin = spi_message_begin(&s->message, chip, &job->framed,
					  &job->transfer.request.head, now);
	if (begin != SPI_BEGIN_READY)
		return begin;
	job->transfer.watched = spi_message_watches(&s->message, &job->framed);
	if (!job->plan.joins)
		spi_message_copy(&s->message, &job->framed, &job->plan,
				 &job->transfer.request, &s->session->mem);
	counter_add(&chip->handle->stats.requests, 1);
	vhost_session_begin(s->session, REQUESTQ, &s->chain);
	job->phase = JOB_RUNS;
	return begin;
}

static enum spi_progress start_job(struct spi_service *s, uint64_t now)
{
	struct job *job = &s->job;
	struct chip *chip = spi_message_chip(&s->message, job->framed.chip);

	if (!job->plan.joins && !spi_message_close(&s->message, now))
		return SPI_WAIT;
	if (keep_job(s))
		return SPI_MORE;
	if (s->message.cs.message == CS_HELD && cut_long_message(s, now))
		return SPI_MORE;
	switch (begin_transfer(s, chip, now)) {
	case SPI_BEGIN_WAITS:
		return SPI_WAIT;
	case SPI_BEGIN_LOST:
		guest_log_warning(&s->log,
				  "%s: request failed: another guest had the "
				  "chip, and its cache, in between",
				  chip->spec->path);
		fail(s, REQUEST_LOST);
		break;
	case SPI_BEGIN_READY:
		break;
	}
	return SPI_MORE;
}

/* The next piece, and what it moved. */
static int transfer_step(struct spi_service *s, struct chip *chip)
{
	struct spi_transfer *transfer = &s->job.transfer;
	const struct kept_parts *lead = spi_message_lead(&s->message);
	uint64_t left = transfer->left;
	int ret = spi_transfer_step(transfer, lead, chip, &s->session->mem,
				    &s->bounce);
	uint64_t moved = left - transfer->left;

	if (lead && !ret)
		spi_message_lead_sent(&s->message);

	stats_moved(&s->stats, &chip->handle->stats,
		    transfer->request.tx_len ? moved : 0,
		    transfer->request.rx_len ? moved : 0);
	return ret;
}

static void run_step(struct spi_service *s)
{
	struct chip *chip = spi_message_chip(&s->message, s->job.framed.chip);
	int ret = transfer_step(s, chip);

	if (ret < 0) {
		end_with_error(
			s, ret == -EFAULT ? REQUEST_MEMORY : REQUEST_DEVICE,
			spi_device_failed_step(chip->handle->dev, "transfer"),
			strerror(-ret));
	} else if (!s->job.transfer.left) {
		spi_message_part_done(&s->message, &s->job.framed, &s->job.plan,
				      &s->job.transfer);
		counter_add(&s->stats.done, 1);
		finish(s, VIRTIO_SPI_TRANS_OK);
	} else {
		cut_long_message(s, clock_now());
	}
}

/*
 * The front end was asked where something is. Is its answer @ns late? It may be
 * asked for many things, one after the other.
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

/* Some of the guest's memory will not be found in time for the job. */
static void give_up(struct spi_service *s)
{
	char text[MISS_TEXT];

	s->job.gave_up = true;
	if (s->job.phase == JOB_RUNS) {
		end_with_error(s, REQUEST_MEMORY, "transfer",
			       name_miss(s, text));
	} else if (s->job.phase == JOB_QUEUED) {
		refuse_unreachable(s);
	}
}

/* The job cannot go on before the front end has sent something. */
static enum spi_progress await_memory(struct spi_service *s, uint64_t now)
{
	const struct chip *chip =
		spi_message_chip(&s->message, s->job.framed.chip);
	uint64_t ns = MISS_NS;

	if (s->message.bus) {
		/* Others wait for us as long as between two requests. */
		ns = chip->spec->cs_hold_ms * NS_PER_MS;
		s->miss_asks = s->session->translation.asks;
	}
	if (!is_overdue(s, now, ns))
		return SPI_WAIT;
	give_up(s);
	return SPI_MORE;
}

/* The next request, or the ring itself, cannot be reached yet. */
static enum spi_progress await_request(struct spi_service *s, uint64_t now)
{
	char text[MISS_TEXT];

	if (!is_overdue(s, now, MISS_NS))
		return SPI_IDLE;
	if (vhost_session_stop_waiting(s->session, REQUESTQ))
		return SPI_MORE;
	/* It harms nobody, and goes on should the translation come. */
	guest_log_warning(&s->log, "the ring waits: %s", name_miss(s, text));
	return SPI_IDLE;
}

/* Takes the next request from the ring. */
static enum spi_progress take_step(struct spi_service *s, uint64_t now)
{
	int ret = vhost_session_pop(s->session, REQUESTQ, &s->chain);

	if (ret == -EAGAIN)
		return await_request(s, now);
	s->miss_until = 0;
	if (ret < 0)
		spi_message_cut(&s->message);
	if (ret <= 0)
		return SPI_IDLE;
	begin_job(s);
	return SPI_MORE;
}

void spi_service_tick(struct spi_service *s, uint64_t now)
{
	/* A request in hand, of the same message, uses the hold. */
	if (s->job.phase == JOB_NONE)
		spi_message_tick(&s->message, now);
}

enum spi_progress spi_service_step(struct spi_service *s, uint64_t now)
{
	if (s->message.paused)
		spi_message_resume(&s->message, now);
	if (s->job.phase != JOB_NONE && !s->job.gave_up) {
		if (!vhost_session_reach(s->session, REQUESTQ, &s->chain))
			return await_memory(s, now);
		s->miss_until = 0;
	}
	switch (s->job.phase) {
	case JOB_NONE:
		return take_step(s, now);
	case JOB_QUEUED:
		return start_job(s, now);
	case JOB_RUNS:
		run_step(s);
		return SPI_MORE;
	case JOB_CLEARS:
		clear_step(s);
		return SPI_MORE;
	}
	return SPI_IDLE;
}

uint64_t spi_service_deadline(const struct spi_service *s)
{
	uint64_t miss = s->miss_until ? s->miss_until : CLOCK_NEVER;
	uint64_t message;

	if (s->job.phase == JOB_NONE) {
		message = spi_message_deadline(&s->message);
		return miss < message ? miss : message;
	}
	if (s->job.phase == JOB_QUEUED && !s->miss_until)
		return s->message.start_at;
	return miss;
}

/* Nothing of it was done, so the ring can have it back. */
static void give_back(struct spi_service *s)
{
	vring_unpop(&ring_of(s)->vring, &s->chain);
	s->job.phase = JOB_NONE;
	spi_message_unpopped(&s->message);
	spi_message_leave_bus(&s->message);
}

/* A transfer that was begun is not finished. */
static void stop_transfer(struct spi_service *s)
{
	end_with_error(s, REQUEST_STOPPED, "transfer",
		       "cut short, as the ring stops");
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
			give_back(s);
		else if (s->job.phase == JOB_RUNS && now >= deadline)
			stop_transfer(s);
		else if (s->job.phase == JOB_CLEARS && !clears--)
			finish(s, s->job.status);
		else if (spi_service_step(s, now) == SPI_WAIT)
			give_up(s); /* no answer comes while we are here */
	}
	s->miss_until = 0;
	spi_message_pause(&s->message);
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
	if (fresh)
		spi_message_reset(&s->message);
	if (s->session->rings[ring].origin != VHOST_RING_RECOVERED)
		return;
	/* The chip was released when whoever selected it went away. */
	chip_select_recover(&s->message.cs, s->session->rings[ring].note);
	if (s->message.cs.chip >= s->controller->chip_count)
		chip_select_close(&s->message.cs);
	s->message.cut_is_bounded = false;
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
