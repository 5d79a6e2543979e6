/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <string.h>

#include "spi-daemon/framing/chip_select_why.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/trace/job_trace.h"

/* As it is called in the log: "guest NAME" */
#define GUEST_PREFIX "guest "

void job_trace_begin(struct job_trace *trace, struct trace_tap *tap,
		     const char *guest)
{
	trace->tap = tap;
	trace->begin = clock_now();
	trace->request = (struct trace_request){
		.framing = "",
		.message = "none",
		.after = "releases",
		.why = "it is no valid request: see the log",
	};
	if (!strncmp(guest, GUEST_PREFIX, strlen(GUEST_PREFIX)))
		guest += strlen(GUEST_PREFIX);
	strlcpy(trace->request.guest, guest, sizeof(trace->request.guest));
}

void job_trace_plan(struct job_trace *trace, const struct spi_request *request,
		    const struct chip_select *cs,
		    const struct cs_request *framed, const struct cs_plan *plan)
{
	const struct cs_words words = chip_select_why(cs, framed, plan);
	const struct spi_head *head = &request->head;
	struct trace_request *told = &trace->request;

	told->framing = words.framing;
	told->message = words.message;
	told->after = words.after;
	told->why = words.why;
	told->speed_hz = head->freq;
	told->mode = head->mode;
	told->tx_len = request->tx_len;
	told->rx_len = request->rx_len;
	told->bits_per_word = head->bits_per_word;
	told->tx_nbits = head->tx_nbits;
	told->rx_nbits = head->rx_nbits;
	told->cs_change = head->cs_change;
}

static uint8_t show(uint8_t *shown, uint8_t count, const uint8_t *bytes,
		    uint64_t len)
{
	uint64_t room = TRACE_SHOWN - count;

	if (len > room)
		len = room;
	if (bytes)
		memcpy(shown + count, bytes, len);
	return (uint8_t)(bytes ? count + len : count);
}

void job_trace_bytes(struct job_trace *trace, const uint8_t *tx,
		     const uint8_t *rx, uint64_t len)
{
	struct trace_request *told = &trace->request;

	told->tx_shown = show(told->tx, told->tx_shown, tx, len);
	told->rx_shown = show(told->rx, told->rx_shown, rx, len);
}

void job_trace_end(struct job_trace *trace, enum virtio_spi_status status)
{
	static const char *const names[] = {
		[VIRTIO_SPI_TRANS_OK] = "OK",
		[VIRTIO_SPI_PARAM_ERR] = "PARAM_ERR",
		[VIRTIO_SPI_TRANS_ERR] = "TRANS_ERR",
	};

	trace->request.status = names[status];
	trace_tap_request(trace->tap, &trace->request, trace->begin,
			  clock_now());
	trace->tap = NULL;
}
