/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Attacks on the bus: each would keep it from the others. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/hostile/attack_list.h"

#define DEPTH	      16
#define LARGEST	      (16u << 20)
#define LARGEST_SPEED 100000000
#define SLOWEST	      1000 /* Hz */

/* Keeps @depth requests in flight, whatever becomes of them. */
static void keep_in_flight(struct attack_run *run,
			   const struct spi_front_request *request,
			   unsigned int depth)
{
	struct spi_front_result result;
	uint16_t ids[DEPTH];

	for (unsigned int i = 0; i < depth; i++)
		spi_front_submit(&run->front, request, NULL, &ids[i]);
	for (unsigned int i = 0;; i = (i + 1) % depth) {
		int err = spi_front_wait(&run->front, ids[i], &result);

		/* One may take minutes: it is what the attack is about. */
		while (err == -ETIMEDOUT)
			err = spi_front_wait(&run->front, ids[i], &result);
		if (err)
			_exit(1);
		spi_front_submit(&run->front, request, NULL, &ids[i]);
		attack_count_round(run);
	}
}

static void attack_with(struct attack_run *run, uint32_t len, uint32_t hz)
{
	struct spi_front_request request = attack_request(run, len, hz);

	attack_open(run, NULL);
	attack_count_round(run);
	keep_in_flight(run, &request, DEPTH);
}

/* A quarter of a second each */
void attack_flood(struct attack_run *run)
{
	attack_with(run, 32 << 10, 1000000);
}

/* At 1.3 s each */
void attack_largest(struct attack_run *run)
{
	struct spi_front_options options = attack_options(run);
	struct spi_front_request request =
		attack_request(run, LARGEST, LARGEST_SPEED);

	options.mem_size = 4 * LARGEST;
	attack_open(run, &options);
	attack_count_round(run);
	keep_in_flight(run, &request, 3);
}

/* Half a minute each */
void attack_slow(struct attack_run *run)
{
	attack_with(run, 4096, SLOWEST);
}

/* All that the config space allows, between words and around them */
void attack_delays(struct attack_run *run)
{
	struct spi_front_request request = attack_request(run, 4096, 50000000);
	struct virtio_spi_wire_config config;

	attack_open(run, NULL);
	if (spi_front_config(&run->front, &config))
		_exit(1);
	request.head.word_delay_ns = config.max_word_delay_ns;
	request.head.cs_setup_ns = config.max_cs_setup_ns;
	request.head.cs_delay_hold_ns = config.max_cs_hold_ns;
	request.head.cs_change_delay_inactive_ns = config.max_cs_inactive_ns;
	attack_count_round(run);
	keep_in_flight(run, &request, DEPTH);
}

void attack_endless_message(struct attack_run *run)
{
	struct spi_front_request part = attack_request(run, 16, 1000000);

	part.head.cs_change = 0;
	attack_hold_chip(run);
	keep_in_flight(run, &part, DEPTH);
}

void attack_idle_hold(struct attack_run *run)
{
	for (;;) {
		attack_hold_chip(run);
		attack_count_round(run);
		attack_nap_us(200000);
		attack_close(run);
	}
}

void attack_stopped(struct attack_run *run)
{
	attack_hold_chip(run);
	attack_count_round(run);
	raise(SIGSTOP);
}

/* Each victim is a process of its own. */
static void die_in_a_message(struct attack_run *run, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before the line above */
		_exit(1);
	attack_hold_chip(run);
	attack_count_round(run);
	kill(getpid(), SIGKILL);
}

void attack_killed(struct attack_run *run)
{
	pid_t parent = getpid();

	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			die_in_a_message(run, parent);
		if (pid < 0 || waitpid(pid, NULL, 0) < 0)
			_exit(1);
	}
}
