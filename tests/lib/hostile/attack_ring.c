/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Attacks by a guest: what it does to its ring and its memory. */
#include <assert.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/lib/hostile/attack_list.h"
#include "tests/lib/hostile/hostile_ring.h"
#include "tests/lib/daemon/rig.h"
#include "vhost/front/front_setup.h"

#define RING_REGION   0 /* the first of a spi_front's regions */
#define BUFFER_REGION 1
#define MAX_SPEED     50000000

/* Sets the ring up anew, or else begins with a new connection. */
static void recover(struct attack_run *run, uint32_t begin)
{
	struct spi_front *front = &run->front;
	uint32_t base;

	if (!front_stop_vring(&front->fe, 0, &base) &&
	    !spi_front_new_ring(front, begin) &&
	    !front_start_vring(&front->fe, 0, &front->ring, begin))
		return;
	attack_close(run);
	attack_open(run, NULL);
}

void attack_broken_rings(struct attack_run *run)
{
	attack_open(run, NULL);
	for (unsigned int i = 0;; i = (i + 1) % hostile_ring_count) {
		hostile_ring_show(&run->front, &hostile_rings[i]);
		front_ring_wait(&run->front.ring, run->front.fe.fd, 100);
		recover(run, 0);
		attack_count_round(run);
	}
}

void attack_garbage(struct attack_run *run)
{
	struct spi_front_options options = attack_options(run);

	for (;;) {
		options.features ^= FRONT_BIT(VIRTIO_F_RING_PACKED);
		attack_open(run, &options);
		/* The daemon must offer both layouts: see RIG_WITH_PACKED. */
		assert(run->front.ring.packed ==
		       !!(options.features & FRONT_BIT(VIRTIO_F_RING_PACKED)));
		for (unsigned int i = 0; i < 50; i++) {
			hostile_ring_show_garbage(&run->front, run->seed++);
			recover(run, run->front.ring.packed
					     ? FRONT_RING_PACKED_BASE
					     : 0);
		}
		attack_close(run);
		attack_count_round(run);
	}
}

/* Heads of random bytes, half of them on the chip that is there. */
void attack_bad_requests(struct attack_run *run)
{
	struct spi_front_result result;
	uint16_t id;

	attack_open(run, NULL);
	for (;;) {
		struct spi_front_request request =
			attack_request(run, attack_random(run) % 100, 0);

		rig_pattern((uint8_t *)&request.head, sizeof(request.head),
			    run->seed++);
		if (attack_random(run) % 2)
			request.head.chip_select_id = run->chip;
		request.rx_len = attack_random(run) % 100;
		if (spi_front_submit(&run->front, &request, NULL, &id) ||
		    spi_front_wait(&run->front, id, &result)) {
			attack_close(run);
			attack_open(run, NULL);
		}
		attack_count_round(run);
	}
}

static void add_large_requests(struct attack_run *run, unsigned int count)
{
	struct spi_front_request request = attack_request(run, 0, MAX_SPEED);
	uint16_t id;

	request.tx = NULL;
	request.rx_len = 1 << 20;
	for (unsigned int i = 0; i < count; i++)
		spi_front_add(&run->front, &request, NULL, &id);
	spi_front_flush(&run->front);
}

/* Chains as long as a ring can be, of a byte in each segment */
void attack_long_chains(struct attack_run *run)
{
	struct spi_front *front = &run->front;
	struct virtq_used_elem elem;

	for (;;) {
		attack_open(run, NULL);
		for (unsigned int i = 0; i < 10; i++) {
			hostile_ring_show_long_chain(front, 32768);
			if (front_ring_wait(&front->ring, front->fe.fd, 1000))
				break;
			front_ring_take(&front->ring, &elem);
		}
		attack_close(run);
		attack_count_round(run);
	}
}

/* From here on the region must not be touched: SIGBUS is ours, too. */
static void cut_region(struct attack_run *run, unsigned int region)
{
	if (ftruncate(run->front.mem.regions[region].fd, 0) < 0)
		_exit(1);
}

void attack_memory_cut(struct attack_run *run)
{
	for (;;) {
		attack_open(run, NULL);
		add_large_requests(run, 8);
		attack_nap_us(attack_random(run) % 5000);
		cut_region(run, BUFFER_REGION);
		attack_nap_us(attack_random(run) % 5000);
		attack_close(run);
		attack_count_round(run);
	}
}

void attack_ring_cut(struct attack_run *run)
{
	for (;;) {
		attack_open(run, NULL);
		add_large_requests(run, 8);
		attack_nap_us(attack_random(run) % 2000);
		cut_region(run, RING_REGION);
		for (unsigned int i = 0; i < 100; i++)
			eventfd_write(run->front.ring.kick_fd, 1);
		attack_nap_us(attack_random(run) % 2000);
		attack_close(run);
		attack_count_round(run);
	}
}

void attack_kicks(struct attack_run *run)
{
	attack_hold_chip(run);
	for (;;) {
		for (unsigned int i = 0; i < 1000; i++)
			eventfd_write(run->front.ring.kick_fd, 1);
		attack_count_round(run);
	}
}

/* Each call would block. */
void attack_full_call(struct attack_run *run)
{
	struct spi_front_request request;
	uint16_t id;

	for (;;) {
		attack_open(run, NULL);
		front_ring_want_call(&run->front.ring, 0);
		eventfd_write(run->front.ring.call_fd, UINT64_MAX - 1);
		request = attack_request(run, 10, MAX_SPEED);
		request.head.cs_change = 0;
		for (unsigned int i = 0; i < 8; i++)
			spi_front_submit(&run->front, &request, NULL, &id);
		attack_nap_us(5000);
		attack_close(run);
		attack_count_round(run);
	}
}
