/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/hostile/attack.h"

#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/hostile/attack_list.h"
#include "tests/lib/daemon/rig.h"

#define ZEROS (16u << 20)

/* A daemon that does not answer an attacker does not keep it for long. */
#define TIMEOUT_MS 1000

const struct attack attacks[] = {
	{ "broken_rings", "breaks its rings in every way",
	  attack_broken_rings },
	{ "rings_of_garbage", "fills rings with garbage, split and packed",
	  attack_garbage },
	{ "long_chains", "sends requests in as many descriptors as possible",
	  attack_long_chains },
	{ "bad_requests", "sends invalid requests as fast as possible",
	  attack_bad_requests },
	{ "memory_cut_short", "truncates its memory during large transfers",
	  attack_memory_cut },
	{ "ring_cut_short", "truncates the memory of its ring",
	  attack_ring_cut },
	{ "hostile_messages", "sends vhost-user messages of garbage",
	  attack_messages },
	{ "stalled_messages",
	  "holds the chip, and sends half a vhost-user message",
	  attack_stalled_messages },
	{ "unread_replies", "holds the chip, and reads no reply",
	  attack_unread_replies },
	{ "hoarded_descriptors",
	  "sends as many descriptors and regions as possible",
	  attack_descriptors },
	{ "reconnects", "connects and disconnects", attack_reconnects },
	{ "flooding_kicks", "holds the chip, and kicks all the time",
	  attack_kicks },
	{ "full_call_eventfd", "holds the chip, and fills its call eventfd",
	  attack_full_call },
	{ "flooding_requests", "keeps its ring full of long requests",
	  attack_flood },
	{ "largest_requests", "sends requests of 16 MiB", attack_largest },
	{ "slow_transfers", "transfers at 1 kHz", attack_slow },
	{ "long_delays", "transfers one word with the longest delays",
	  attack_delays },
	{ "endless_message", "sends a message without an end",
	  attack_endless_message },
	{ "idle_hold", "keeps a chip selected without use", attack_idle_hold },
	{ "stopped_process", "is stopped (SIGSTOP) while it holds the chip",
	  attack_stopped },
	{ "killed_process", "is killed (SIGKILL) while it holds the chip",
	  attack_killed },
};

const unsigned int attack_count = sizeof(attacks) / sizeof(attacks[0]);

const struct attack *attack_find(const char *name)
{
	for (unsigned int i = 0; i < attack_count; i++)
		if (!strcmp(attacks[i].name, name))
			return &attacks[i];
	return NULL;
}

static void run_child(const struct attack *attack, struct attack_run *run,
		      pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	if (getppid() == parent) /* else it died before the line above */
		attack->run(run);
	_exit(1);
}

int attack_start(struct attacker *attacker, const struct attack *attack,
		 const char *socket, uint8_t chip)
{
	static struct attack_run run; /* large; the child's */
	pid_t parent = getpid();
	void *shared = mmap(NULL, sizeof(*attacker->rounds),
			    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);

	if (shared == MAP_FAILED)
		return -errno;
	attacker->rounds = shared;
	run.socket = socket;
	run.chip = chip;
	run.rounds = shared;
	/* Processes that it leaves behind are waited for, too. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	attacker->pid = fork();
	if (attacker->pid < 0) {
		munmap(shared, sizeof(*attacker->rounds));
		return -errno;
	}
	if (attacker->pid == 0)
		run_child(attack, &run, parent);
	setpgid(attacker->pid, attacker->pid);
	return 0;
}

unsigned long attack_rounds(const struct attacker *attacker)
{
	return atomic_load(attacker->rounds);
}

unsigned long attack_stop(struct attacker *attacker)
{
	unsigned long rounds;

	kill(-attacker->pid, SIGKILL);
	while (waitpid(-attacker->pid, NULL, 0) > 0)
		;
	rounds = attack_rounds(attacker);
	munmap(attacker->rounds, sizeof(*attacker->rounds));
	return rounds;
}

struct spi_front_options attack_options(const struct attack_run *run)
{
	struct spi_front_options options = spi_front_defaults(run->socket);

	options.timeout_ms = TIMEOUT_MS;
	return options;
}

void attack_open(struct attack_run *run, const struct spi_front_options *with)
{
	struct spi_front_options options = attack_options(run);

	/* The daemon may still be busy with the last connection. */
	while (spi_front_open(&run->front, with ? with : &options))
		attack_nap_us(500);
	run->open = true;
}

void attack_close(struct attack_run *run)
{
	if (run->open)
		spi_front_close(&run->front);
	run->open = false;
}

struct spi_front_request attack_request(const struct attack_run *run,
					uint32_t len, uint32_t hz)
{
	static const uint8_t zeros[ZEROS];
	struct spi_front_request request = {
		.head = rig_head(run->chip),
		.tx = zeros,
		.tx_len = len < ZEROS ? len : ZEROS,
	};

	request.head.freq = htole32(hz);
	return request;
}

void attack_hold_chip(struct attack_run *run)
{
	struct spi_front_request request = attack_request(run, 16, 1000000);
	struct spi_front_result result;

	attack_open(run, NULL);
	request.head.cs_change = 0;
	spi_front_transfer(&run->front, &request, NULL, &result);
}

uint32_t attack_random(struct attack_run *run)
{
	uint32_t random;

	rig_pattern((uint8_t *)&random, sizeof(random), run->seed++);
	return random;
}

void attack_count_round(struct attack_run *run)
{
	atomic_fetch_add(run->rounds, 1);
}

void attack_nap_us(unsigned int us)
{
	usleep(us);
}
