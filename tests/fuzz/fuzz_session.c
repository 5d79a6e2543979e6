/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes a whole session: a stream of vhost-user messages, on a service with
 * two simulated chips, which works on the ring in between as a worker would.
 *
 * The input's first byte says whether to begin with a ring that runs. Then
 * there is a row of records. A byte says what follows: a message (request,
 * flags, descriptors, length of payload, payload), raw bytes for the socket,
 * or bytes for guest memory.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spi-daemon/clock.h"
#include "spi-daemon/device/sim.h"
#include "spi-daemon/log.h"
#include "spi-daemon/spi_service.h"
#include "vhost/session.h"

#define RAM_SIZE 0x10000u
#define MAX_FDS	 10

/* Where the ring that runs is. */
#define USER_ADDR 0x100000u
#define RING_SIZE 16
#define AVAIL_AT  256
#define USED_AT	  512
#define HEAD_AT	  0x1000
#define LOG_AT	  0x8000

static struct {
	struct device_list *devices;
	struct pool pool;
	struct controller controller;
	struct spi_service service;
	struct virtio_spi_wire_config config;
	struct vhost_device device;
	struct vhost_session session;
	uint8_t *ram;
	int ram_fd;
	int event_fd;
	int front;
} fuzz;

struct input {
	const uint8_t *at;
	size_t left;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t take(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static size_t take_bytes(struct input *in, void *to, size_t len)
{
	if (len > in->left)
		len = in->left;
	memcpy(to, in->at, len);
	in->at += len;
	in->left -= len;
	return len;
}

static void set_up(void)
{
	static const char *const texts[] = { "sim:loopback,cs=spec",
					     "sim:loopback" };
	char error[256];

	log_set_level(LOG_LEVEL_ERROR);
	fuzz.devices = device_list_new("fuzz");
	for (int i = 0; i < 2; i++)
		if (device_list_add(fuzz.devices, texts[i], error,
				    sizeof(error)))
			abort();
	pool_init(&fuzz.pool);
	if (controller_open(&fuzz.controller, &fuzz.pool, fuzz.devices, error,
			    sizeof(error)) ||
	    spi_service_init(&fuzz.service, "fuzz", &fuzz.controller) ||
	    guest_mem_handle_sigbus())
		abort();
	/* Delays are for wires: here they only cost time. */
	fuzz.controller.config.max_word_delay_ns = 0;
	fuzz.controller.config.max_cs_setup_ns = 0;
	fuzz.controller.config.max_cs_hold_ns = 0;
	fuzz.controller.config.max_cs_inactive_ns = 0;
	fuzz.ram_fd = memfd_create("fuzz", MFD_CLOEXEC);
	fuzz.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fuzz.ram_fd < 0 || ftruncate(fuzz.ram_fd, RAM_SIZE) < 0)
		abort();
	fuzz.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			fuzz.ram_fd, 0);
	if (fuzz.ram == MAP_FAILED)
		abort();
	spi_config_encode(&fuzz.controller.config, &fuzz.config);
	fuzz.device = (struct vhost_device){
		.ops = &spi_service_ops,
		.opaque = &fuzz.service,
		.ring_count = 1,
		.config = &fuzz.config,
		.config_size = sizeof(fuzz.config),
	};
}

/* Sends bytes with @count descriptors: memory, or eventfds. */
static void send_with_fds(const void *bytes, size_t len, unsigned int count,
			  bool events)
{
	union {
		char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = (struct cmsghdr *)&control;
	int fds[MAX_FDS];

	for (unsigned int i = 0; i < count; i++)
		fds[i] = events ? fuzz.event_fd : fuzz.ram_fd;
	if (count) {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, count * sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	if (sendmsg(fuzz.front, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

static void send_message(struct input *in)
{
	struct {
		struct vhost_wire_header header;
		uint8_t payload[sizeof(union vhost_wire_payload) + 8];
	} msg = { .header = { .request = take(in), .flags = take(in) } };
	uint8_t fds = take(in);
	size_t len = take(in) | (size_t)(take(in) & 1) << 8;

	if (len > sizeof(msg.payload))
		len = sizeof(msg.payload);
	take_bytes(in, msg.payload, len);
	msg.header.size = (uint32_t)len;
	send_with_fds(&msg, sizeof(msg.header) + len, (fds & 0x7f) % MAX_FDS,
		      fds & 0x80);
}

static void send_raw(struct input *in)
{
	uint8_t bytes[255];
	size_t len = take_bytes(in, bytes, take(in));

	if (len)
		send_with_fds(bytes, len, 0, false);
}

static void write_memory(struct input *in)
{
	size_t at = (size_t)(take(in) | take(in) << 8);
	size_t len = take(in);

	if (len > RAM_SIZE - at)
		len = RAM_SIZE - at;
	take_bytes(in, fuzz.ram + at, len);
}

static void say(uint32_t request, const void *payload, uint32_t size,
		unsigned int fds, bool events)
{
	struct {
		struct vhost_wire_header header;
		uint8_t payload[sizeof(union vhost_wire_payload)];
	} msg = { .header = { request, VHOST_USER_VERSION, size } };

	memcpy(msg.payload, payload, size);
	send_with_fds(&msg, sizeof(msg.header) + size, fds, events);
}

/* Full duplex: head, tx, rx and status; to be made available by the input. */
static void prepare_request(void)
{
	static const struct virtq_desc descs[] = {
		{ HEAD_AT, 32, VIRTQ_DESC_F_NEXT, 1 },
		{ HEAD_AT + 64, 16, VIRTQ_DESC_F_NEXT, 2 },
		{ HEAD_AT + 128, 17, VIRTQ_DESC_F_WRITE, 0 },
		{ HEAD_AT + 256, 64, VIRTQ_DESC_F_INDIRECT, 0 },
	};

	memcpy(fuzz.ram, descs, sizeof(descs));
	memcpy(fuzz.ram + HEAD_AT + 256, descs, sizeof(descs[0]) * 3);
	fuzz.ram[HEAD_AT + 1] = 8; /* bits per word */
}

static void start_ring(uint8_t options)
{
	const bool packed = options & 4;
	const uint64_t features =
		1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_INDIRECT_DESC |
		1ull << VHOST_USER_F_PROTOCOL_FEATURES |
		(uint64_t)(options >> 1 & 1) << VIRTIO_F_EVENT_IDX |
		(uint64_t)packed << VIRTIO_F_RING_PACKED |
		(uint64_t)(options >> 3 & 1) << VHOST_F_LOG_ALL;
	const uint64_t protocol = 1ull << VHOST_USER_PROTOCOL_F_REPLY_ACK |
				  1ull << VHOST_USER_PROTOCOL_F_CONFIG |
				  1ull << VHOST_USER_PROTOCOL_F_MQ |
				  1ull << VHOST_USER_PROTOCOL_F_LOG_SHMFD |
				  1ull << VHOST_USER_PROTOCOL_F_DEVICE_STATE |
				  1ull << 15;
	const struct vhost_wire_mem_table table = {
		.count = 1,
		.regions = { { 0, RAM_SIZE, USER_ADDR, 0 } },
	};
	const struct vhost_wire_vring_state num = { 0, RING_SIZE },
					    on = { 0, 1 },
					    base = { 0,
						     packed ? 0x80008000 : 0 };
	/* In guest memory itself: anyone may clear or set its bits. */
	const struct vhost_wire_log log = { 16, LOG_AT };
	const struct vhost_wire_vring_addr addr = {
		.flags = 1u << VHOST_VRING_F_LOG,
		.log = USED_AT,
		.desc = USER_ADDR,
		.avail = USER_ADDR + AVAIL_AT,
		.used = USER_ADDR + USED_AT,
	};
	const uint64_t ring = 0;

	prepare_request();
	say(VHOST_USER_SET_FEATURES, &features, 8, 0, false);
	say(VHOST_USER_SET_PROTOCOL_FEATURES, &protocol, 8, 0, false);
	say(VHOST_USER_SET_MEM_TABLE, &table,
	    offsetof(struct vhost_wire_mem_table, regions[1]), 1, false);
	say(VHOST_USER_SET_LOG_BASE, &log, sizeof(log), 1, false);
	say(VHOST_USER_SET_VRING_NUM, &num, sizeof(num), 0, false);
	say(VHOST_USER_SET_VRING_BASE, &base, sizeof(base), 0, false);
	say(VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr), 0, false);
	say(VHOST_USER_SET_VRING_CALL, &ring, 8, 1, true);
	say(VHOST_USER_SET_VRING_KICK, &ring, 8, 1, true);
	say(VHOST_USER_SET_VRING_ENABLE, &on, sizeof(on), 0, false);
}

/* As guest_worker.c does it. Returns whether the session goes on. */
static bool work(void)
{
	struct vhost_session *s = &fuzz.session;
	char replies[4096];
	int ret;

	while ((ret = vhost_session_handle(s)) > 0)
		while (recv(fuzz.front, replies, sizeof(replies),
			    MSG_DONTWAIT) > 0)
			;
	if (ret < 0)
		return false;
	vhost_session_read_state(s);
	for (int i = 0; i < 64 && vhost_ring_is_active(&s->rings[0]); i++) {
		enum spi_progress progress =
			spi_service_step(&fuzz.service, clock_now());

		if (s->mem.broken) {
			spi_service_abort(&fuzz.service);
			vhost_session_break(s, 0, "memory");
		}
		if (progress != SPI_MORE)
			break;
	}
	spi_service_tick(&fuzz.service, clock_now());
	spi_service_deadline(&fuzz.service);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	int pair[2];
	uint8_t options;

	if (!fuzz.ram)
		set_up();
	memset(fuzz.ram, 0, RAM_SIZE);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	fuzz.front = pair[1];
	vhost_session_init(&fuzz.session, &fuzz.device, pair[0]);
	fuzz.service.session = &fuzz.session;
	guest_mem_watch(&fuzz.session.mem);

	options = take(&in);
	if (options & 1)
		start_ring(options);
	while (in.left && work()) {
		uint8_t kind = take(&in);

		if (kind & 2)
			write_memory(&in);
		else if (kind & 1)
			send_raw(&in);
		else
			send_message(&in);
	}
	work();

	spi_service_abort(&fuzz.service);
	vhost_session_fini(&fuzz.session);
	guest_mem_watch(NULL);
	fuzz.service.session = NULL;
	close(fuzz.front);
	if (fuzz.pool.buses->bus.owner || fuzz.pool.buses->next->bus.owner)
		abort();
	return 0;
}
