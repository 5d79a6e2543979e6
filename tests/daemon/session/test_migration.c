/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A guest moves from one daemon to another. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_migrate.h"
#include "vhost/front/front_setup.h"

#define PAGE	 FRONT_MEM_PAGE
#define BLOB_MAX 1000

/* Where the tests' buffers are, far behind what is allocated. */
#define OUT_AT (SPI_FRONT_HIGH_ADDR + 1024 * PAGE)
#define IN_AT  (SPI_FRONT_HIGH_ADDR + 1100 * PAGE)

static const char *const one_chip[] = { "--device=sim:loopback",
					RIG_WITH_PACKED, NULL };
static const char *const two_chips[] = { "--device=sim:loopback",
					 "--device=sim:loopback", NULL };

/* The host that the guest moves to; its front end is slot 3 of the rig. */
static struct daemon there;

#define SLOT_THERE 3

static int setup(void **state)
{
	*state = (void *)(uintptr_t)one_chip;
	rig_setup(state);
	daemon_init(&there);
	return 0;
}

static int teardown(void **state)
{
	rig_close(*state, SLOT_THERE);
	if (there.pid > 0)
		daemon_stop(&there, SIGTERM);
	daemon_clean(&there);
	return rig_teardown(state);
}

/*
 * Starts the other daemon and connects to it: a front end with the same
 * memory layout as ours, in which nothing has been said of a ring.
 */
static struct spi_front *open_there(struct rig *rig, const char *const *args,
				    uint64_t features)
{
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *front = &rig->fronts[SLOT_THERE];

	options.features |= features;
	daemon_start(&there, 1, args);
	options.path = daemon_socket(&there, 0);
	assert_int_equal(spi_front_connect(front, &options), 0);
	rig->open[SLOT_THERE] = true;
	assert_int_equal(
		front_negotiate(&front->fe, options.features, options.protocol),
		0);
	assert_int_equal(front_share_mem(&front->fe, &front->mem), 0);
	assert_int_equal(spi_front_new_ring(
				 front, features ? FRONT_RING_PACKED_BASE : 0),
			 0);
	return front;
}

static void *page_at(const struct spi_front *front, uint64_t addr)
{
	return front_mem_at(&front->mem, addr & ~(uint64_t)(PAGE - 1), PAGE);
}

static void send_page(struct spi_front *from, struct spi_front *to,
		      uint64_t addr)
{
	memcpy(page_at(to, addr), page_at(from, addr), PAGE);
}

static void send_all(struct spi_front *from, struct spi_front *to)
{
	for (unsigned int i = 0; i < from->mem.count; i++)
		memcpy(to->mem.regions[i].host, from->mem.regions[i].host,
		       from->mem.regions[i].size);
}

/* What the daemon has marked. */
static void send_dirty(struct spi_front *from, struct spi_front *to,
		       struct front_log *log)
{
	uint64_t addr;

	while (front_log_find(log, &addr)) {
		front_log_take(log, addr);
		send_page(from, to, addr);
	}
}

/* What the guest writes is the hypervisor's to know: here, these pages. */
static void send_guest_writes(struct spi_front *from, struct spi_front *to,
			      uint32_t len)
{
	send_page(from, to, from->ring.desc_addr);
	send_page(from, to, from->ring.avail_addr);
	for (uint32_t at = 0; at < len + PAGE; at += PAGE)
		send_page(from, to, OUT_AT + at);
	send_page(from, to, IN_AT + len);
}

static void check_same_memory(struct spi_front *a, struct spi_front *b)
{
	for (unsigned int i = 0; i < a->mem.count; i++)
		assert_int_equal(memcmp(a->mem.regions[i].host,
					b->mem.regions[i].host,
					a->mem.regions[i].size),
				 0);
}

/* The driver wakes up elsewhere: its own variables move with its memory. */
static void move_driver(const struct spi_front *from, struct spi_front *to)
{
	const struct front_ring *old = &from->ring;
	struct front_ring *ring = &to->ring;

	assert_int_equal(ring->desc_addr, old->desc_addr);
	assert_int_equal(ring->used_addr, old->used_addr);
	memcpy(ring->chains, old->chains, old->size * sizeof(*old->chains));
	ring->free_head = old->free_head;
	ring->free_count = old->free_count;
	ring->added = old->added;
	ring->published = old->published;
	ring->kicked = old->kicked;
	ring->taken = old->taken;
	ring->held_flags = old->held_flags;
}

static uint8_t tx[16 * PAGE];

static struct spi_front_request make_request(uint32_t len, uint32_t seed)
{
	struct spi_front_request request = { rig_head(0), tx, len, NULL, len };

	assert_true(len <= sizeof(tx));
	rig_pattern(tx, len, seed);
	return request;
}

static const struct spi_front_framing placed = {
	.in_addr = IN_AT,
	.out_addr = OUT_AT,
};

static void transfer(struct spi_front *front, uint32_t len, uint32_t seed)
{
	struct spi_front_request request = make_request(len, seed);
	struct spi_front_result result;

	assert_int_equal(spi_front_transfer(front, &request, &placed, &result),
			 0);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
}

/* Saves here, loads there. */
static int move_state(struct spi_front *from, struct spi_front *to)
{
	uint8_t blob[BLOB_MAX];
	size_t size;

	assert_int_equal(front_save_state(&from->fe, blob, sizeof(blob), &size),
			 0);
	return front_load_state(&to->fe, blob, size);
}

static void start_logging(struct spi_front *front, struct front_log *log)
{
	assert_int_equal(front_log_open(log, front_log_end(&front->mem), 0), 0);
	assert_int_equal(front_set_log_base(&front->fe, log), 0);
	assert_int_equal(front_log_all(&front->fe, true), 0);
	assert_int_equal(front_log_vring(&front->fe, 0, &front->ring, true,
					 front->ring.used_addr),
			 0);
}

/* The request that was left in the ring is done here, and traffic goes on. */
static void finish_request(struct spi_front *front, uint32_t len)
{
	struct virtq_used_elem elem;
	uint8_t *in = front_mem_at(&front->mem, IN_AT, len + 1);

	assert_int_equal(
		front_ring_wait(&front->ring, front->fe.fd, DAEMON_TIMEOUT_MS),
		0);
	assert_int_equal(front_ring_take(&front->ring, &elem), 0);
	assert_int_equal(elem.len, len + 1);
	assert_int_equal(in[len], VIRTIO_SPI_TRANS_OK);
	assert_memory_equal(in, tx, len);
}

/*
 * All of memory is sent while requests run, then what is marked, again and
 * again. When the ring has stopped, the rest; and both memories are the same.
 */
static void move(struct rig *rig, uint64_t features)
{
	struct spi_front *to = open_there(rig, one_chip, features);
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *from;
	struct spi_front_request request;
	struct front_log log;
	uint32_t base;
	uint16_t id;

	options.features |= features;
	from = rig_open_with(rig, 0, &options);
	start_logging(from, &log);
	transfer(from, 5 * PAGE, 1);
	send_all(from, to);
	for (uint32_t i = 0; i < 20; i++) {
		transfer(from, 1000 * i + 1, i);
		send_dirty(from, to, &log);
		send_guest_writes(from, to, 1000 * i + 1);
	}
	assert_int_equal(front_set_vring_enable(&from->fe, 0, false), 0);
	request = make_request(3 * PAGE, 77);
	assert_int_equal(spi_front_submit(from, &request, &placed, &id), 0);
	assert_int_equal(front_get_vring_base(&from->fe, 0, &base), 0);
	assert_int_equal(base, front_ring_base(&from->ring, from->ring.taken));
	send_dirty(from, to, &log);
	send_guest_writes(from, to, 3 * PAGE);
	check_same_memory(from, to);

	assert_int_equal(move_state(from, to), 0);
	move_driver(from, to);
	assert_int_equal(front_start_vring(&to->fe, 0, &to->ring, base), 0);
	finish_request(to, 3 * PAGE);
	rig_check_loopback(to, 5000);
	front_log_close(&log);
}

TEST_WITH(guest_moves_with_a_request_in_its_ring, struct rig *rig)
{
	move(rig, 0);
}

TEST_WITH(guest_with_a_packed_ring_moves, struct rig *rig)
{
	move(rig, FRONT_BIT(VIRTIO_F_RING_PACKED));
}

/* The migration failed: the guest goes on where it was. */
TEST_WITH(guest_stays_after_a_save, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	uint8_t blob[BLOB_MAX];
	uint32_t base;
	size_t size;

	for (int i = 0; i < 5; i++) {
		rig_check_loopback(front, 100);
		assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
		assert_int_equal(
			front_save_state(&front->fe, blob, sizeof(blob), &size),
			0);
		assert_int_equal(
			front_start_vring(&front->fe, 0, &front->ring, base),
			0);
	}
	rig_check_loopback(front, 100);
}

/*
 * Between a command and its answer. The chip cannot stay selected over the
 * move, and the answer must not be that of another message.
 */
TEST_WITH(message_cut_by_the_move_fails_there, struct rig *rig)
{
	struct spi_front *from = rig_open(rig, 0);
	struct spi_front *to = open_there(rig, one_chip, 0);
	struct spi_front_request read = { rig_head(0), NULL, 0, NULL, 4 };
	uint32_t base;
	uint8_t rx[4];

	rig_tx(from, 0, "\x9f", 1);
	assert_int_equal(front_stop_vring(&from->fe, 0, &base), 0);
	assert_int_equal(move_state(from, to), 0);
	send_all(from, to);
	move_driver(from, to);
	assert_int_equal(front_start_vring(&to->fe, 0, &to->ring, base), 0);
	read.head.cs_change = 0;
	rig_expect(to, &read, VIRTIO_SPI_TRANS_ERR);
	rig_tx(to, 0, "\x9f", 1);
	rig_rx(to, 0, rx, 4);
}

TEST_WITH(state_of_another_config_fails_the_check, struct rig *rig)
{
	struct spi_front *from = rig_open(rig, 0);
	struct spi_front *to = open_there(rig, two_chips, 0);
	uint32_t base;

	assert_int_equal(front_stop_vring(&from->fe, 0, &base), 0);
	assert_int_equal(move_state(from, to), -EREMOTEIO);
	/* It is a daemon like any other, still. */
	assert_int_equal(front_start_vring(&to->fe, 0, &to->ring, 0), 0);
	rig_check_loopback(to, 100);
}

TEST_MAIN(setup, teardown)
