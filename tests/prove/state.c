/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A device's state: as a front end brings it from another host, and as it is
 * saved.
 *
 * Front end: any bytes, in portions of any size; read(2) may fail.
 * Bound: a config space of up to 4 bytes and up to 8 of the device, where the
 * product has up to 256 and 704.
 *
 * cbmc: --unwind 10 --unwindset vhost_state_read.0:39
 * cbmc: --conversion-check
 */
#include "tests/prove/prove.h"

#include <unistd.h>

#include "vhost/device.h"
#include "vhost/wire/wire.h"

#undef VHOST_USER_CONFIG_MAX
#define VHOST_USER_CONFIG_MAX 4
#undef VHOST_DEVICE_STATE_MAX
#define VHOST_DEVICE_STATE_MAX 8

static ssize_t any_read(void *to, size_t room)
{
	ssize_t n = nondet_int();

	assert(room && __CPROVER_w_ok(to, room));
	assume(n >= -1 && n <= (ssize_t)room);
	errno = nondet_int();
	return n;
}

#define read(fd, to, room) any_read(to, room)

#include "vhost/part/state_transfer.c"

int vhost_reason_set(struct vhost_reason *reason, const char *format, ...)
{
	(void)reason, (void)format;
	return -EINVAL;
}

void wait_set_forget(struct wait_set *set, int fd)
{
	(void)set, (void)fd;
}

void vhost_close_fd(int *fd)
{
	*fd = -1;
}

static struct vhost_state state;

static uint32_t save(void *opaque, uint8_t *to)
{
	uint32_t size = nondet_u32();

	(void)opaque;
	assert(__CPROVER_w_ok(to, VHOST_DEVICE_STATE_MAX));
	assume(size <= VHOST_DEVICE_STATE_MAX);
	return size;
}

static int load(void *opaque, const uint8_t *from, uint32_t size)
{
	(void)opaque;
	assert(size <= VHOST_DEVICE_STATE_MAX);
	assert(from + size == state.blob + state.have);
	return nondet_bool() ? 0 : -EINVAL;
}

int main(void)
{
	uint8_t config[VHOST_USER_CONFIG_MAX], blob[VHOST_STATE_MAX];
	const struct vhost_device_ops ops = {
		.save = save,
		.load = nondet_bool() ? load : NULL,
	};
	struct vhost_device device = {
		.ops = &ops,
		.config_size = nondet_u32(),
	};
	struct vhost_reason reason;
	struct vhost_state any;

	state = any;
	assume(device.config_size <= sizeof(config));
	device.config = config + sizeof(config) - device.config_size;
	assert(encode(&device, blob) <= sizeof(blob));

	assume(state.have < sizeof(state.blob));
	state.stage = VHOST_STATE_LOADING;
	vhost_state_read(&state);
	assert(state.have < sizeof(state.blob));
	if (state.fd < 0)
		vhost_state_apply(&state, &device, &reason);
	return 0;
}
