/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "spi-daemon/transfer/spi_service.h"
#include "spi-daemon/transfer/spi_state.h"

/* Little-endian. The frame around it has a version. */
struct wire_state {
	uint8_t cut;	 /* is there a message that was cut short? */
	uint8_t opcode;	 /* its first byte */
	uint8_t bounded; /* no more than so many of the next */
	uint8_t padding;
	uint16_t cut_left; /* requests can be of it */
	uint16_t chip;
	uint64_t len; /* bytes of it so far */
};
static_assert(sizeof(struct wire_state) == 16, "our layout");
static_assert(sizeof(struct wire_state) <= VHOST_DEVICE_STATE_MAX, "fits");

uint32_t spi_state_save(void *service, uint8_t *to)
{
	const struct spi_service *s = service;
	struct wire_state state = {
		/* One that is open here will not be there. */
		.cut = s->message.cs.message != CS_CLOSED,
		.opcode = s->message.cs.opcode,
		.bounded = s->message.cut_is_bounded,
		.cut_left = htole16(s->message.cut_left),
		.chip = htole16((uint16_t)s->message.cs.chip),
		.len = htole64(s->message.cs.len),
	};

	if (s->message.cs.message != CS_CUT)
		state.bounded = 0;
	memcpy(to, &state, sizeof(state));
	return sizeof(state);
}

int spi_state_load(void *service, const uint8_t *from, uint32_t size)
{
	struct spi_service *s = service;
	struct wire_state state;

	if (size != sizeof(state))
		return -EINVAL;
	memcpy(&state, from, sizeof(state));
	if (state.cut > 1 || state.bounded > 1 || state.padding ||
	    le16toh(state.chip) >= s->controller->chip_count)
		return -EINVAL;
	/* With a request in hand, or a chip held, this is no fresh service. */
	if (s->job.phase != JOB_NONE || s->message.cs.message == CS_OPEN)
		return -EINVAL;
	s->message.cs = (struct chip_select){
		.message = state.cut ? CS_CUT : CS_CLOSED,
		.chip = le16toh(state.chip),
		.opcode = state.opcode,
		.len = le64toh(state.len),
	};
	s->message.cut_is_bounded = state.bounded;
	s->message.cut_left = le16toh(state.cut_left);
	return 0;
}
