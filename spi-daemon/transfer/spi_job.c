/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/spi_lease.h"
#include "spi-daemon/transfer/spi_service.h"
#include "spi-daemon/transfer/spi_turn.h"
#include "virtio/spi/spi_validate.h"

#define BIT(n)	 (1u << (n))
#define REQUESTQ SPI_REQUESTQ

/* With ->replay, a request that so many processes ended in is not run again. */
#define REPLAY_MAX_DEATHS 10

static void set_phase(struct job *job, enum job_phase phase)
{
	static const unsigned int before[] = {
		[JOB_NONE] = BIT(JOB_QUEUED) | BIT(JOB_RUNS) | BIT(JOB_CLEARS) |
			     BIT(JOB_CLEARS_REST),
		[JOB_QUEUED] = BIT(JOB_NONE),
		[JOB_RUNS] = BIT(JOB_QUEUED),
		[JOB_CLEARS] = BIT(JOB_NONE) | BIT(JOB_QUEUED) | BIT(JOB_RUNS),
		[JOB_CLEARS_REST] = BIT(JOB_CLEARS),
	};

	assert(before[phase] & BIT(job->phase));
	job->phase = phase;
}

static struct vhost_ring *ring_of(struct spi_service *s)
{
	return &s->session->rings[REQUESTQ];
}

/* Requests that were queued before the guest can know of an answer. */
static uint16_t pending(struct spi_service *s)
{
	return vhost_ring_pending(ring_of(s));
}

/* Writes the status, and returns the chain. */
static void finish(struct spi_service *s, enum virtio_spi_status status)
{
	struct vhost_ring *ring = ring_of(s);
	uint32_t len = spi_request_finish(&s->chain, &s->session->mem, status);

	set_phase(&s->job, JOB_NONE);
	if (__builtin_expect(s->job.trace.tap != NULL, 0))
		job_trace_end(&s->job.trace, status);
	if (status != VIRTIO_SPI_TRANS_OK)
		spi_message_lose(&s->message, pending(s));
	ring->note = spi_message_note(&s->message);
	vhost_session_push(s->session, REQUESTQ, &s->chain, len);
	/* Nothing is left that the bus or the call could wait for. */
	if (vhost_ring_is_empty(ring)) {
		spi_turn_settle(&s->message, s->now);
		call_pace_ends(&s->pace,
			       vhost_session_call(s->session, REQUESTQ),
			       s->taken);
	}
}

/* An answer that is not OK: nothing of an rx buffer may look like data. */
static void begin_clear(struct spi_service *s, enum virtio_spi_status status)
{
	struct job *job = &s->job;

	/* That may take long, and does not need a bus. */
	spi_message_leave_bus(&s->message);
	set_phase(job, JOB_CLEARS);
	job->status = status;
	chain_writer(&s->chain, &job->clear);
	job->left = spi_request_rx_len(&s->chain);
}

void spi_job_clear(struct spi_service *s)
{
	struct job *job = &s->job;
	uint64_t len = job->left < SPI_JOB_CLEAR_STEP ? job->left
						      : SPI_JOB_CLEAR_STEP;

	assert(spi_job_is_clearing(job));
	/* What is not mapped cannot be cleared, nor read by the guest. */
	if (chain_zero(&job->clear, &s->session->mem, len) < 0)
		len = job->left;
	job->left -= len;
	if (!job->left)
		finish(s, job->status);
}

/* The tap of the chip, if there is a trace of it */
static struct trace_tap *tap_of(const struct chip *chip)
{
	struct handle *handle = chip->handle;

	return __builtin_expect(spi_device_tap(handle->dev) != NULL, 0)
		       ? &handle->tap
		       : NULL;
}

/* The request cannot be one, for @why. */
static void refuse(struct spi_service *s, enum request_error cause,
		   const char *why)
{
	struct trace_tap *tap = tap_of(spi_message_chip(&s->message, 0));

	/* Whatever chip it was for. */
	if (tap && !s->job.trace.tap)
		job_trace_begin(&s->job.trace, tap, s->log.guest);
	guest_log_warning(&s->log, "request refused: %s", why);
	counter_add(&s->stats.errors[cause], 1);
	spi_message_refuse(&s->message, pending(s));
	begin_clear(s, cause == REQUEST_REFUSED ? VIRTIO_SPI_PARAM_ERR
						: VIRTIO_SPI_TRANS_ERR);
}

const char *spi_job_name_miss(const struct spi_service *s, char *text)
{
	const struct vhost_want *first = &s->session->translation.wants[0];

	snprintf(text, SPI_MISS_TEXT, "no translation of address 0x%llx came",
		 (unsigned long long)first->miss.iova);
	return text;
}

/* The request may be one, but its memory cannot be reached. */
static void refuse_unreachable(struct spi_service *s)
{
	char text[SPI_MISS_TEXT];

	refuse(s, REQUEST_MEMORY, spi_job_name_miss(s, text));
	set_phase(&s->job, JOB_CLEARS_REST);
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
	struct cs_request *framed = &s->job.framed;
	struct chip *chip = s->job.chip;
	uint8_t first[2] = { 0 };

	*framed = (struct cs_request){
		.chip = request->head.chip_select_id,
		.tx = request->tx_len,
		.rx = request->rx_len,
		.cs_change = request->head.cs_change,
		.len = spi_transfer_len(request),
	};
	if (framed->tx) {
		/* Constant lengths need no loop. */
		if (framed->len > 1)
			chain_peek(&request->tx, &s->session->mem, first, 2);
		else
			chain_peek(&request->tx, &s->session->mem, first, 1);
		framed->opcode = first[0];
		framed->second = first[1];
	}
	spi_message_look(&s->message, chip, framed);
	framed->framing = chip_framing(chip);
	framed->table = chip_table(chip);
}

/* The request is planned: traces are told of it from here on. */
static void begin_trace(struct spi_service *s)
{
	struct job *job = &s->job;
	struct trace_tap *tap = tap_of(job->chip);

	if (!tap)
		return;
	job_trace_begin(&job->trace, tap, s->log.guest);
	job_trace_plan(&job->trace, &job->transfer.request, &s->message.cs,
		       &job->framed, &job->plan);
}

/* A piece of @len bytes is done. Traced, it is not in the guest's memory. */
static void trace_piece(struct spi_service *s, uint64_t len)
{
	const struct spi_request *request = &s->job.transfer.request;

	job_trace_bytes(&s->job.trace, request->tx_len ? s->bounce.tx : NULL,
			request->rx_len ? s->bounce.rx : NULL, len);
}

/* Checks the header, and finds what follows from it alone. */
static bool check_head(struct spi_service *s, char *reason)
{
	struct spi_request *request = &s->job.transfer.request;

	if (!spi_validate_head(&s->controller->config, &request->head, reason))
		return false;
	s->job.chip =
		spi_message_chip(&s->message, request->head.chip_select_id);
	spi_transfer_prepare(&s->job.transfer, s->job.chip);
	request->checked = true;
	return true;
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
	if (!request->checked && !check_head(s, reason))
		return false;
	if (!spi_validate_lengths(request, reason))
		return false;
	return spi_transfer_check(request, s->job.chip, reason);
}

/* Returns why the request, which is valid, cannot be done; NULL: it can. */
static const char *find_obstacle(const struct spi_service *s,
				 enum request_error *cause)
{
	*cause = REQUEST_LOST;
	if (spi_message_is_torn_erase(s->job.chip, &s->job.framed))
		return "behind it the chip would have read a chip erase: see "
		       "cs=";
	if (s->job.plan.lost)
		return "the chip was released in the middle of its message";
	*cause = REQUEST_UNKNOWN;
	if (s->chain.outcome_unknown && !s->replay)
		return "it may have been run before";
	if (s->chain.deaths >= REPLAY_MAX_DEATHS)
		return "each process that ran it ended";
	return NULL;
}

/* Tells once which fault of a driver makes its buffers unreachable. */
static void explain_unmapped(struct spi_service *s)
{
	if (s->told_unmapped || chain_is_mapped(&s->chain, &s->session->mem))
		return;
	s->told_unmapped = true;
	guest_log_warning(&s->log, "a buffer is not in guest memory: a Linux "
				   "driver that has it on its stack or in its "
				   "module's data looks like this, see "
				   "docs/drivers.md");
}

void spi_job_begin(struct spi_service *s)
{
	struct job *job = &s->job;
	char reason[SPI_REASON_SIZE];
	enum request_error cause;
	const char *obstacle;

	assert(job->phase == JOB_NONE);
	spi_message_popped(&s->message);
	if (s->chain.unreachable) {
		refuse_unreachable(s);
		return;
	}
	if (!parse(s, reason)) {
		explain_unmapped(s);
		refuse(s, REQUEST_REFUSED, reason);
		return;
	}

	frame(s);
	job->plan = chip_select_plan(&s->message.cs, &job->framed);
	begin_trace(s);
	obstacle = find_obstacle(s, &cause);
	if (obstacle) {
		guest_log_warning(&s->log, "request failed: %s", obstacle);
		fail(s, cause);
		return;
	}
	set_phase(job, JOB_QUEUED);
	spi_transfer_begin(&job->transfer, job->plan.joins, job->plan.keep);
}

/* A transfer ends early. */
static void end_with_error(struct spi_service *s, enum request_error cause,
			   const char *step, const char *why)
{
	struct chip *chip = s->job.chip;

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
	const struct chip *chip = s->job.chip;

	if (!spi_lease_is_too_long(&s->message, chip, now))
		return false;
	counter_add(&s->stats.cuts[CUT_MAX_MESSAGE], 1);
	end_with_error(s, REQUEST_TOO_LONG, "message cut short",
		       spi_lease_too_long);
	return true;
}

/* Nothing of the request is sent yet: it is kept for the rest. */
static bool keep_job(struct spi_service *s)
{
	struct job *job = &s->job;
	struct chip *chip = job->chip;
	int ret;

	if (!job->plan.defers)
		return false;
	ret = spi_message_keep(&s->message, chip, &job->framed, &job->plan,
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
	if (job->trace.tap)
		job_trace_bytes(&job->trace,
				kept_parts_end(&s->message.kept) -
					job->framed.len,
				NULL, job->framed.len);
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
		begin = spi_turn_begin(&s->message, chip, &job->framed,
				       &job->transfer.request.head, now);
	if (begin != SPI_BEGIN_READY)
		return begin;
	job->transfer.watched = spi_message_watches(&s->message, &job->framed);
	if (!job->plan.joins)
		spi_message_copy(&s->message, chip, &job->framed, &job->plan,
				 &job->transfer.request, &s->session->mem);
	counter_add(&chip->handle->stats.requests, 1);
	vhost_session_begin(s->session, REQUESTQ, &s->chain);
	set_phase(job, JOB_RUNS);
	return begin;
}

enum spi_progress spi_job_start(struct spi_service *s, uint64_t now)
{
	struct job *job = &s->job;
	struct chip *chip = job->chip;

	assert(job->phase == JOB_QUEUED);
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
	if (__builtin_expect(s->job.trace.tap != NULL, 0))
		trace_piece(s, moved);

	stats_moved(&s->stats, &chip->handle->stats,
		    transfer->request.tx_len ? moved : 0,
		    transfer->request.rx_len ? moved : 0);
	return ret;
}

/*
 * The same. Nobody's call waits for a transfer that is long: one whose clock
 * says so, on a chip that keeps to it, as simulated ones may not.
 */
static int run_piece(struct spi_service *s, struct chip *chip, uint64_t begin)
{
	bool is_long = spi_transfer_left_ns(&s->job.transfer) >= SPI_LONG_NS;
	int ret;

	if (is_long && !chip->is_quick)
		vhost_session_call(s->session, REQUESTQ);
	ret = transfer_step(s, chip);
	s->now = clock_now();
	if (is_long)
		chip->is_quick = s->now - begin < SPI_LONG_NS;
	return ret;
}

void spi_job_run(struct spi_service *s, uint64_t now)
{
	struct chip *chip = s->job.chip;
	int ret;

	assert(s->job.phase == JOB_RUNS);
	ret = run_piece(s, chip, now);
	if (ret < 0) {
		end_with_error(
			s, ret == -EFAULT ? REQUEST_MEMORY : REQUEST_DEVICE,
			spi_device_failed_step(chip->handle->dev, "transfer"),
			strerror(-ret));
	} else if (!s->job.transfer.left) {
		spi_message_part_done(&s->message, chip, &s->job.framed,
				      &s->job.plan, &s->job.transfer, s->now);
		counter_add(&s->stats.done, 1);
		finish(s, VIRTIO_SPI_TRANS_OK);
	} else {
		cut_long_message(s, s->now);
	}
}

void spi_job_give_up(struct spi_service *s)
{
	char text[SPI_MISS_TEXT];

	if (s->job.phase == JOB_QUEUED) {
		refuse_unreachable(s);
		return;
	}
	if (s->job.phase == JOB_RUNS)
		end_with_error(s, REQUEST_MEMORY, "transfer",
			       spi_job_name_miss(s, text));
	set_phase(&s->job, JOB_CLEARS_REST);
}

void spi_job_give_back(struct spi_service *s)
{
	assert(s->job.phase == JOB_QUEUED);
	vring_unpop(&ring_of(s)->vring, &s->chain);
	set_phase(&s->job, JOB_NONE);
	s->job.trace.tap = NULL;
	spi_message_unpopped(&s->message);
	spi_message_leave_bus(&s->message);
}

void spi_job_stop(struct spi_service *s)
{
	assert(s->job.phase == JOB_RUNS);
	end_with_error(s, REQUEST_STOPPED, "transfer",
		       "cut short, as the ring stops");
}

void spi_job_end(struct spi_service *s)
{
	assert(spi_job_is_clearing(&s->job));
	finish(s, s->job.status);
}
