/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Attacks by a monitor: what it does with its connection. */
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/hostile/attack_list.h"
#include "tests/lib/daemon/rig.h"
#include "vhost/front/front_setup.h"

#define FREE_ADDR (UINT64_C(1) << 32) /* guest addresses that nothing has */
#define SLOT_SIZE 4096

/* Throws away what has come, so that there is room for more. */
static void drop_replies(struct attack_run *run)
{
	char bytes[4096];

	while (recv(run->front.fe.fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void fill_fds(const struct attack_run *run, int *fds)
{
	for (unsigned int i = 0; i < FRONT_END_MAX_FDS; i++)
		fds[i] = i % 2 ? run->front.ring.kick_fd
			       : run->front.mem.regions[0].fd;
}

/* Any request, with anything in it, and descriptors. */
static int send_any(struct attack_run *run, const int *fds)
{
	uint8_t payload[sizeof(union vhost_wire_payload)];
	uint32_t random = attack_random(run);
	uint32_t size = random >> 8 & 1 ? 8 : random >> 9 & 127;

	rig_pattern(payload, sizeof(payload), run->seed++);
	if (random >> 16 & 1)
		memset(payload, 0, 8); /* an index that there is */
	return front_end_send(
		&run->front.fe, random & 63,
		VHOST_USER_VERSION |
			(random >> 17 & 1 ? VHOST_USER_NEED_REPLY : 0),
		payload, size, fds, random >> 18 & 1 ? random >> 19 & 127 : 0);
}

void attack_messages(struct attack_run *run)
{
	int fds[FRONT_END_MAX_FDS];

	for (;;) {
		attack_open(run, NULL);
		fill_fds(run, fds);
		for (unsigned int i = 0; i < 200; i++) {
			if (send_any(run, fds))
				break;
			drop_replies(run);
		}
		attack_close(run);
		attack_count_round(run);
	}
}

void attack_stalled_messages(struct attack_run *run)
{
	struct vhost_wire_header header = { VHOST_USER_SET_FEATURES,
					    VHOST_USER_VERSION, 8 };

	for (;;) {
		attack_hold_chip(run);
		front_end_send_bytes(&run->front.fe, &header,
				     1 + attack_random(run) % 11, NULL, 0);
		attack_nap_us(10000);
		attack_close(run);
		attack_count_round(run);
	}
}

void attack_unread_replies(struct attack_run *run)
{
	struct vhost_wire_header questions[64];

	for (unsigned int i = 0; i < 64; i++)
		questions[i] =
			(struct vhost_wire_header){ VHOST_USER_GET_FEATURES,
						    VHOST_USER_VERSION, 0 };
	attack_hold_chip(run);
	for (;;) {
		if (send(run->front.fe.fd, questions, sizeof(questions),
			 MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			attack_nap_us(1000);
		attack_count_round(run);
	}
}

/* As many regions as it takes, and calls, kicks and logs that are replaced. */
void attack_descriptors(struct attack_run *run)
{
	int fds[FRONT_END_MAX_FDS];
	uint64_t index = 0;

	for (;;) {
		struct front_region region = { .size = SLOT_SIZE };

		attack_open(run, NULL);
		fill_fds(run, fds);
		region.fd = run->front.mem.regions[0].fd;
		for (unsigned int i = 0; i < 600; i++) {
			region.guest_addr = FREE_ADDR + i * 2 * SLOT_SIZE;
			if (front_add_region(&run->front.fe, &region))
				break;
			front_end_tell(&run->front.fe,
				       i % 2 ? VHOST_USER_SET_LOG_FD
					     : VHOST_USER_SET_VRING_ERR,
				       &index, i % 2 ? 0 : sizeof(index),
				       &run->front.ring.err_fd, 1);
			front_end_send(&run->front.fe, VHOST_USER_SET_OWNER,
				       VHOST_USER_VERSION, NULL, 0, fds,
				       FRONT_END_MAX_FDS);
		}
		attack_close(run);
		attack_count_round(run);
	}
}

/* Whole sessions, with a request, and some that end where they begin. */
void attack_reconnects(struct attack_run *run)
{
	struct spi_front_options options = attack_options(run);
	struct spi_front_result result;

	options.mem_size = 1 << 20;
	for (;;) {
		struct spi_front_request request =
			attack_request(run, 1, 50000000);

		attack_open(run, &options);
		spi_front_transfer(&run->front, &request, NULL, &result);
		attack_close(run);
		attack_count_round(run);
		if (!spi_front_connect(&run->front, &options))
			spi_front_close(&run->front);
	}
}
