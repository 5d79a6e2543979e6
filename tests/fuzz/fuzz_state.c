/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes a device's state, which comes from another host: the frame around it,
 * or the state of the SPI service alone. A service that accepts it saves it
 * again, for the next host, which accepts it too; then requests go on.
 */
#include "spi-daemon/transfer/spi_state.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/fixture/service_fixture.h"
#include "vhost/part/state_transfer.h"

#define REQUESTS 4

static bool load_frame(struct test_guest *g, struct input *in)
{
	static struct vhost_state state;
	struct vhost_reason reason;
	int ret;

	vhost_state_init(&state, NULL);
	must(!vhost_state_load(&state, memory_file(in->at, in->left, in->left),
			       &reason));
	/* memory_file() leaves it at its end. */
	lseek(state.fd, 0, SEEK_SET);
	vhost_state_read(&state);
	must(state.fd < 0 && state.have <= VHOST_STATE_MAX);
	ret = vhost_state_apply(&state, &g->device, &reason);
	vhost_state_drop(&state);
	return !ret;
}

static bool load(struct test_guest *g, struct input *in, bool frame)
{
	if (frame)
		return load_frame(g, in);
	return in->left <= VHOST_DEVICE_STATE_MAX &&
	       !spi_state_load(&g->service, in->at, (uint32_t)in->left);
}

static void move_on(struct service_fixture *f)
{
	uint8_t blob[VHOST_DEVICE_STATE_MAX];
	uint32_t size = spi_state_save(&f->guests[0].service, blob);

	must(size <= sizeof(blob) &&
	     !spi_state_load(&f->guests[1].service, blob, size));
}

/* The rest of the message, whatever it was of */
static void go_on(struct test_guest *g, const uint8_t *kinds)
{
	static struct transfer transfers[REQUESTS];
	static const uint8_t bytes[15];

	for (unsigned int i = 0; i < REQUESTS; i++) {
		struct transfer *t = &transfers[i];

		*t = (struct transfer){
			.head = service_head(kinds[i] & 3, kinds[i] >> 2 & 1),
			.tx = bytes,
			.tx_len = kinds[i] & 8 ? 0 : kinds[i] >> 4,
			.rx_len = kinds[i] & 8 ? kinds[i] >> 4 : 0,
		};
		guest_add(g, t);
		guest_run(g);
	}
	guest_collect(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct service_fixture *f;
	uint8_t kinds[REQUESTS] = { 0 };
	bool has_frame = take(&in) & 1;
	void *state;

	service_setup(&state);
	f = state;
	service_set_framing(f, take_framing(&in));
	take_bytes(&in, kinds, sizeof(kinds));
	if (load(&f->guests[0], &in, has_frame)) {
		move_on(f);
		go_on(&f->guests[0], kinds);
		spi_service_abort(&f->guests[0].service);
		go_on(&f->guests[1], kinds);
	}
	service_teardown(&state);
	return 0;
}
