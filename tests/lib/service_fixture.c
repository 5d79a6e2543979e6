/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/service_fixture.h"

#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "spi-daemon/system/clock.h"

#define RAM_SIZE (8u << 20)
#define SEGS_MAX 8192

static void open_chip(struct service_fixture *f, unsigned int i)
{
	static char path[] = "fake";
	struct fake_chip *chip = &f->chips[i];

	fake_chip_init(chip);
	f->specs[i] = (struct device_spec){
		.path = path,
		.framing = CS_LINUX,
		.cs_hold_ms = FIXTURE_CS_HOLD_MS,
		.max_request = FIXTURE_MAX_REQUEST,
		.max_message_ms = FIXTURE_MAX_MESSAGE_MS,
		.op_max_ms = FIXTURE_OP_MAX_MS,
	};
	f->handles[i] = (struct handle){
		.bus = &f->buses[i / 2],
		.dev = &chip->dev,
	};
	for (unsigned int g = 0; g < FIXTURE_GUESTS; g++)
		f->guests[g].chips[i] = (struct chip){
			.spec = &f->specs[i],
			.handle = &f->handles[i],
			.caps = chip->dev.caps,
		};
}

static void open_chips(struct service_fixture *f)
{
	for (unsigned int i = 0; i < FIXTURE_BUSES; i++)
		bus_init(&f->buses[i].bus, clock_now());
	for (unsigned int i = 0; i < FIXTURE_CHIPS; i++)
		open_chip(f, i);
}

static void open_controller(struct service_fixture *f, unsigned int guest)
{
	f->guests[guest].controller = (struct controller){
		.number = guest,
		.chips = f->guests[guest].chips,
		.chip_count = FIXTURE_CHIPS,
		.max_piece = FIXTURE_MAX_PIECE,
		.config = {
			.cs_max_number = FIXTURE_CHIPS,
			.cs_change_supported = 1,
			.tx_nbits_supported = 7,
			.rx_nbits_supported = 7,
			.mode_func_supported = 0x7f,
			.max_word_delay_ns = 255000,
			.max_cs_setup_ns = 65535000,
			.max_cs_hold_ns = 65535000,
			.max_cs_inactive_ns = 65535000,
		},
	};
}

/* As SET_MEM_TABLE, SET_VRING_... would have it. */
static void share_memory(struct test_guest *g)
{
	for (unsigned int i = 0; i < g->mem.count; i++) {
		const struct front_region *r = &g->mem.regions[i];
		struct guest_region_spec spec = {
			.guest_addr = r->guest_addr,
			.size = r->size,
			.user_addr = r->guest_addr + FRONT_MEM_USER_SHIFT,
			.mmap_offset = r->mmap_offset,
		};

		assert_int_equal(guest_mem_add(&g->session.mem, &spec, r->fd),
				 0);
	}
}

static void start_ring(struct test_guest *g)
{
	struct vhost_ring *ring = &g->session.rings[0];
	size_t got;

	*ring = (struct vhost_ring){
		.size = FIXTURE_RING,
		.has_addr = true,
		.addr = {
			.desc = g->ring.desc_addr + FRONT_MEM_USER_SHIFT,
			.avail = g->ring.avail_addr + FRONT_MEM_USER_SHIFT,
			.used = g->ring.used_addr + FRONT_MEM_USER_SHIFT,
		},
		.kick = -1,
		.call = dup(g->ring.call_fd),
		.err = dup(g->ring.err_fd),
		.enabled = true,
		.state = VHOST_RING_RUNNING,
	};
	ring->vring = (struct vring){
		.mem = &g->session.mem,
		.size = FIXTURE_RING,
		.features = { .indirect = true },
		.areas = {
			.desc = guest_mem_at(&g->session.mem,
					     g->ring.desc_addr, 1, &got),
			.driver = guest_mem_at(&g->session.mem,
					       g->ring.avail_addr, 1, &got),
			.device = guest_mem_at(&g->session.mem,
					       g->ring.used_addr, 1, &got),
		},
	};
	assert_int_equal(vring_start(&ring->vring, 0), 0);
	spi_service_ops.start(&g->service, 0, true);
}

static void open_guest(struct test_guest *g)
{
	int pair[2];

	front_mem_init(&g->mem);
	assert_true(front_mem_add(&g->mem, 0x100000, RAM_SIZE, 0) >= 0);
	assert_int_equal(front_ring_open(&g->ring, &g->mem, FIXTURE_RING, 0, 0),
			 0);
	assert_true(front_mem_add(&g->mem, FIXTURE_APART, FIXTURE_APART_SIZE,
				  0) >= 0);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	g->peer = pair[1];
	g->device = (struct vhost_device){
		.ops = &spi_service_ops,
		.opaque = &g->service,
		.offered = vhost_features_supported(),
		.ring_count = 1,
	};
	assert_int_equal(spi_service_init(&g->service, "guest", &g->controller),
			 0);
	vhost_session_init(&g->session, &g->device, pair[0]);
	g->service.session = &g->session;
	share_memory(g);
	start_ring(g);
}

int service_setup(void **state)
{
	struct service_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	/* Complaints are a part of many tests, and of no interest. */
	log_set_level(LOG_LEVEL_ERROR);
	open_chips(f);
	for (unsigned int i = 0; i < FIXTURE_GUESTS; i++) {
		open_controller(f, i);
		open_guest(&f->guests[i]);
	}
	*state = f;
	return 0;
}

static void close_guest(struct test_guest *g)
{
	spi_service_abort(&g->service);
	vhost_session_fini(&g->session);
	spi_service_fini(&g->service);
	front_ring_close(&g->ring);
	front_mem_close(&g->mem);
	close(g->peer);
}

int service_teardown(void **state)
{
	struct service_fixture *f = *state;

	for (unsigned int i = 0; i < FIXTURE_GUESTS; i++)
		close_guest(&f->guests[i]);
	for (unsigned int i = 0; i < FIXTURE_CHIPS; i++) {
		fake_chip_fini(&f->chips[i]);
	}
	for (unsigned int i = 0; i < FIXTURE_BUSES; i++) {
		assert_null(f->buses[i].bus.owner);
		assert_null(f->buses[i].bus.first);
		bus_fini(&f->buses[i].bus);
	}
	free(f);
	return 0;
}

void service_set_framing(struct service_fixture *f, enum cs_framing framing)
{
	for (unsigned int i = 0; i < FIXTURE_CHIPS; i++)
		f->specs[i].framing = framing;
}

struct virtio_spi_wire_head service_head(uint8_t chip, uint8_t cs_change)
{
	return (struct virtio_spi_wire_head){
		.chip_select_id = chip,
		.bits_per_word = 8,
		.cs_change = cs_change,
		.freq = htole32(1000000),
	};
}

/* Appends segments of @seg bytes, each behind a gap of one byte. */
static uint64_t add_segs(struct front_segment *segs, unsigned int *count,
			 uint64_t addr, uint32_t len, uint32_t seg, bool write)
{
	while (len) {
		uint32_t n = seg && seg < len ? seg : len;

		assert_true(*count < SEGS_MAX);
		segs[(*count)++] = (struct front_segment){ addr + 1, n, write };
		addr += 1 + n;
		len -= n;
	}
	return addr + 1;
}

static void fill_tx(struct test_guest *g, const struct transfer *t,
		    const struct front_segment *segs)
{
	const uint8_t *from = t->tx;

	for (uint32_t left = t->tx_len; left; segs++) {
		assert_int_equal(
			front_mem_write(&g->mem, segs->addr, from, segs->len),
			0);
		from += segs->len;
		left -= segs->len;
	}
}

void guest_add(struct test_guest *g, struct transfer *t)
{
	uint64_t room = sizeof(t->head) + 2ull * (t->tx_len + t->rx_len) + 16;
	static struct front_segment segs[SEGS_MAX];
	uint64_t addr = t->at, next;
	unsigned int count = 0;
	uint16_t id;

	if (!addr)
		assert_int_equal(front_mem_alloc(&g->mem, room, &addr), 0);
	assert_int_equal(
		front_mem_write(&g->mem, addr, &t->head, sizeof(t->head)), 0);
	segs[count++] = (struct front_segment){ addr, sizeof(t->head), false };
	next = add_segs(segs, &count, addr + sizeof(t->head), t->tx_len,
			t->tx_seg, false);
	t->rx_addr = next;
	next = add_segs(segs, &count, next, t->rx_len, t->rx_seg, true);
	t->status_addr = next;
	segs[count++] = (struct front_segment){ next, 1, true };
	fill_tx(g, t, segs + 1);

	t->done = false;
	assert_int_equal(front_ring_add(&g->ring, segs, count,
					count > 8 ? 0 : count, &id),
			 0);
	g->in_flight[id] = t;
	front_ring_publish(&g->ring);
}

enum spi_progress guest_step(struct test_guest *g)
{
	return spi_service_step(&g->service, clock_now());
}

enum spi_progress guest_run(struct test_guest *g)
{
	enum spi_progress progress;
	unsigned int steps = 0;

	do {
		progress = guest_step(g);
		assert_true(++steps < 1000000);
	} while (progress == SPI_MORE);
	return progress;
}

/* Brings the rx bytes, which are in segments with gaps, to ->rx. */
static void read_rx(const struct test_guest *g, const struct transfer *t,
		    uint8_t *rx)
{
	uint32_t seg = t->rx_seg ? t->rx_seg : t->rx_len;
	uint64_t addr = t->rx_addr;

	for (uint32_t left = t->rx_len; left;) {
		uint32_t n = seg < left ? seg : left;

		assert_int_equal(front_mem_read(&g->mem, addr + 1, rx, n), 0);
		addr += 1 + n;
		rx += n;
		left -= n;
	}
}

void guest_collect(struct test_guest *g)
{
	struct virtq_used_elem elem;
	int ret;

	while (!(ret = front_ring_take(&g->ring, &elem))) {
		struct transfer *t = g->in_flight[elem.id];

		assert_non_null(t);
		g->in_flight[elem.id] = NULL;
		t->done = true;
		t->used_len = elem.len;
		assert_int_equal(
			front_mem_read(&g->mem, t->status_addr, &t->status, 1),
			0);
		if (t->rx)
			read_rx(g, t, t->rx);
	}
	assert_int_equal(ret, -EAGAIN);
}

void transfer_check(const struct transfer *t, uint8_t status)
{
	assert_true(t->done);
	assert_int_equal(t->status, status);
	assert_int_equal(t->used_len, t->rx_len + 1);
}

void transfer_check_cleared(const struct test_guest *g,
			    const struct transfer *t)
{
	uint8_t *rx = malloc(t->rx_len + 1);

	assert_non_null(rx);
	read_rx(g, t, rx);
	for (uint32_t i = 0; i < t->rx_len; i++)
		assert_int_equal(rx[i], 0);
	free(rx);
}

void guest_do(struct test_guest *g, struct transfer *t, uint8_t status)
{
	guest_add(g, t);
	guest_run(g);
	guest_collect(g);
	transfer_check(t, status);
}

void guest_tx(struct test_guest *g, uint8_t chip, uint8_t cs_change,
	      const void *tx, uint32_t len, uint8_t status)
{
	struct transfer t = {
		.head = service_head(chip, cs_change),
		.tx = tx,
		.tx_len = len,
	};

	guest_do(g, &t, status);
}

void guest_rx(struct test_guest *g, uint8_t chip, uint8_t cs_change,
	      uint32_t len, uint8_t status)
{
	struct transfer t = {
		.head = service_head(chip, cs_change),
		.rx_len = len,
	};

	guest_do(g, &t, status);
}

bool guest_was_woken(struct test_guest *g)
{
	return front_ring_signalled(g->service.message.user.wake);
}
