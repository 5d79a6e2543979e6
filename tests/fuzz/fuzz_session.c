/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes a whole session: a stream of vhost-user messages, on a service with
 * two simulated chips, which works on the ring in between as a worker would.
 *
 * The input's first byte says whether to begin with a ring that runs. Then
 * there is a row of records. A byte says what follows: a message (request,
 * flags, descriptors, length of payload, payload), one about the IOMMU's
 * translations, raw bytes for the socket, or bytes for guest memory; and
 * whether seconds have gone by.
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/transfer/spi_service.h"
#include "tests/fuzz/fuzz.h"
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
	int channel[2];	  /* ends of the back end's channel: ours, its */
	uint64_t skipped; /* ns */
} fuzz;

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
	fuzz.ram_fd = memory_file(NULL, 0, RAM_SIZE);
	fuzz.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fuzz.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			fuzz.ram_fd, 0);
	if (fuzz.ram == MAP_FAILED)
		abort();
	spi_config_encode(&fuzz.controller.config, &fuzz.config);
	fuzz.device = (struct vhost_device){
		.ops = &spi_service_ops,
		.opaque = &fuzz.service,
		.offered = vhost_features_supported(),
		.ring_count = 1,
		.config = &fuzz.config,
		.config_size = sizeof(fuzz.config),
	};
}

/* Sends bytes with @count descriptors @fd. */
static void send_with_fds(const void *bytes, size_t len, unsigned int count,
			  int fd)
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
		fds[i] = fd;
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
	send_with_fds(&msg, sizeof(msg.header) + len, (fds & 0x3f) % MAX_FDS,
		      fds & 0x80   ? fuzz.event_fd
		      : fds & 0x40 ? fuzz.channel[1]
				   : fuzz.ram_fd);
}

static void send_raw(struct input *in)
{
	uint8_t bytes[255];
	size_t len = take_bytes(in, bytes, take(in));

	if (len)
		send_with_fds(bytes, len, 0, -1);
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
		unsigned int fds, int fd)
{
	struct {
		struct vhost_wire_header header;
		uint8_t payload[sizeof(union vhost_wire_payload)];
	} msg = { .header = { request, VHOST_USER_VERSION, size } };

	if (size)
		memcpy(msg.payload, payload, size);
	send_with_fds(&msg, sizeof(msg.header) + size, fds, fd);
}

/* Pages, or less, so that they are those of the ring and its buffers. */
static void send_iotlb(struct input *in)
{
	const uint8_t bits = take(in);
	const uint32_t unit = bits & 0x80 ? 64 : 4096;
	const struct vhost_wire_iotlb msg = {
		.type = bits & 0xf,
		.access = bits >> 4 & 7,
		.iova = (uint64_t)take(in) * unit,
		.size = (uint64_t)take(in) * unit,
		.user_addr = USER_ADDR + (uint64_t)take(in) * unit,
	};

	say(VHOST_USER_IOTLB_MSG, &msg, sizeof(msg), 0, -1);
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

/* What the input's first byte can choose */
#define OPTION_RING   0x01
#define OPTION_EVENT  0x02
#define OPTION_PACKED 0x04
#define OPTION_LOG    0x08
#define OPTION_IOMMU  0x10
#define OPTION_EMPTY  0x20

static uint64_t feature(uint8_t options, uint8_t option, unsigned int bit)
{
	return options & option ? 1ull << bit : 0;
}

static void negotiate(uint8_t options)
{
	const uint64_t features =
		1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_INDIRECT_DESC |
		1ull << VHOST_USER_F_PROTOCOL_FEATURES |
		feature(options, OPTION_EVENT, VIRTIO_F_EVENT_IDX) |
		feature(options, OPTION_PACKED, VIRTIO_F_RING_PACKED) |
		feature(options, OPTION_LOG, VHOST_F_LOG_ALL) |
		feature(options, OPTION_IOMMU, VIRTIO_F_ACCESS_PLATFORM) |
		feature(options, OPTION_EMPTY, VIRTIO_F_NOTIFY_ON_EMPTY);
	const uint64_t protocol = 1ull << VHOST_USER_PROTOCOL_F_REPLY_ACK |
				  1ull << VHOST_USER_PROTOCOL_F_CONFIG |
				  1ull << VHOST_USER_PROTOCOL_F_MQ |
				  1ull << VHOST_USER_PROTOCOL_F_LOG_SHMFD |
				  1ull << VHOST_USER_PROTOCOL_F_DEVICE_STATE |
				  1ull << VHOST_USER_PROTOCOL_F_BACKEND_REQ |
				  1ull << 15;

	say(VHOST_USER_SET_FEATURES, &features, 8, 0, -1);
	say(VHOST_USER_SET_PROTOCOL_FEATURES, &protocol, 8, 0, -1);
}

static void share_memory(void)
{
	const struct vhost_wire_mem_table table = {
		.count = 1,
		.regions = { { 0, RAM_SIZE, USER_ADDR, 0 } },
	};
	/* In guest memory itself: anyone may clear or set its bits. */
	const struct vhost_wire_log log = { 16, LOG_AT };
	/* If there is an IOMMU; else it is refused. */
	const struct vhost_wire_iotlb half = {
		.size = RAM_SIZE / 2,
		.user_addr = USER_ADDR,
		.access = VHOST_ACCESS_RW,
		.type = VHOST_IOTLB_UPDATE,
	};

	say(VHOST_USER_SET_MEM_TABLE, &table,
	    offsetof(struct vhost_wire_mem_table, regions[1]), 1, fuzz.ram_fd);
	say(VHOST_USER_SET_LOG_BASE, &log, sizeof(log), 1, fuzz.ram_fd);
	say(VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0, 1, fuzz.channel[1]);
	say(VHOST_USER_IOTLB_MSG, &half, sizeof(half), 0, -1);
}

static void start_ring(uint8_t options)
{
	const uint64_t shift = options & OPTION_IOMMU ? 0 : USER_ADDR;
	const struct vhost_wire_vring_state num = { 0, RING_SIZE };
	const struct vhost_wire_vring_state on = { 0, 1 };
	const struct vhost_wire_vring_state base = {
		.num = options & OPTION_PACKED ? 0x80008000 : 0,
	};
	const struct vhost_wire_vring_addr addr = {
		.flags = 1u << VHOST_VRING_F_LOG,
		.log = USED_AT,
		.desc = shift,
		.avail = shift + AVAIL_AT,
		.used = shift + USED_AT,
	};
	const uint64_t ring = 0;

	say(VHOST_USER_SET_VRING_NUM, &num, sizeof(num), 0, -1);
	say(VHOST_USER_SET_VRING_BASE, &base, sizeof(base), 0, -1);
	say(VHOST_USER_SET_VRING_ADDR, &addr, sizeof(addr), 0, -1);
	say(VHOST_USER_SET_VRING_CALL, &ring, 8, 1, fuzz.event_fd);
	say(VHOST_USER_SET_VRING_KICK, &ring, 8, 1, fuzz.event_fd);
	say(VHOST_USER_SET_VRING_ENABLE, &on, sizeof(on), 0, -1);
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
		enum spi_progress progress = spi_service_step(
			&fuzz.service, clock_now() + fuzz.skipped);

		if (s->mem.broken) {
			spi_service_abort(&fuzz.service);
			vhost_session_break(s, 0, "memory");
		}
		if (progress != SPI_MORE)
			break;
	}
	spi_service_tick(&fuzz.service, clock_now() + fuzz.skipped);
	spi_service_deadline(&fuzz.service);
	return true;
}

static void begin(uint8_t options)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fuzz.channel) <
		    0)
		abort();
	memset(fuzz.ram, 0, RAM_SIZE);
	fuzz.skipped = 0;
	fuzz.front = pair[1];
	vhost_session_init(&fuzz.session, &fuzz.device, pair[0], NULL);
	fuzz.service.session = &fuzz.session;
	guest_mem_watch(&fuzz.session.mem);
	if (!(options & OPTION_RING))
		return;
	prepare_request();
	negotiate(options);
	share_memory();
	start_ring(options);
}

static void end(void)
{
	spi_service_abort(&fuzz.service);
	vhost_session_fini(&fuzz.session);
	guest_mem_watch(NULL);
	fuzz.service.session = NULL;
	close(fuzz.front);
	close(fuzz.channel[0]);
	close(fuzz.channel[1]);
	if (fuzz.pool.buses->bus.owner || fuzz.pool.buses->next->bus.owner)
		abort();
}

static void do_record(struct input *in)
{
	uint8_t kind = take(in);

	if (kind & 8)
		fuzz.skipped += 2 * NS_PER_S;
	if (kind & 4)
		send_iotlb(in);
	else if (kind & 2)
		write_memory(in);
	else if (kind & 1)
		send_raw(in);
	else
		send_message(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	if (!fuzz.ram)
		set_up();
	begin(take(&in));
	while (in.left && work())
		do_record(&in);
	work();
	end();
	return 0;
}
