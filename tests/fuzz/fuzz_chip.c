/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes the answers of a program that is a chip. Each connection of the daemon
 * gets the same bytes, and then their end: a proper greeting, if the input's
 * first byte says so, and what follows those that say what is transferred.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "spi-daemon/device/sim/chip_wire.h"
#include "spi-daemon/device/sim/sim.h"
#include "tests/fuzz/fuzz.h"

#define ANSWER_MAX 4096 /* bytes; a socket takes them */
#define TRANSFERS  4
#define LEN	   16 /* bytes of each */
#define TIMEOUT_MS 5000

/* The first byte */
#define GREETS 0x01

/* Those for transfers */
#define RECEIVES 0x10
#define SENDS	 0x20
#define KEEPS	 0x40
#define RELEASES 0x80

struct program {
	pthread_t thread;
	int listener;
	struct sockaddr_un address;
	uint8_t answer[ANSWER_MAX];
	size_t len;
};

/* The connections are served one after the other, each until it is closed. */
static void *serve(void *arg)
{
	const struct program *program = arg;
	char sink[256];
	int fd;

	while ((fd = accept(program->listener, NULL, NULL)) >= 0) {
		must(send(fd, program->answer, program->len, MSG_NOSIGNAL) >=
			     0 ||
		     errno == EPIPE || errno == ECONNRESET);
		shutdown(fd, SHUT_WR);
		while (recv(fd, sink, sizeof(sink), 0) > 0)
			;
		close(fd);
	}
	return NULL;
}

static void start(struct program *program)
{
	char *path = program->address.sun_path;

	program->address.sun_family = AF_UNIX;
	snprintf(path, sizeof(program->address.sun_path), "/tmp/fuzz-chip-%d",
		 getpid());
	unlink(path);
	program->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(program->listener >= 0 &&
	     !bind(program->listener, (struct sockaddr *)&program->address,
		   sizeof(program->address)) &&
	     !listen(program->listener, 16) &&
	     !pthread_create(&program->thread, NULL, serve, program));
}

static void stop(struct program *program)
{
	shutdown(program->listener, SHUT_RDWR);
	pthread_join(program->thread, NULL);
	close(program->listener);
	unlink(program->address.sun_path);
}

static void fill(struct program *program, struct input *in, bool greets)
{
	const struct chip_hello hello = {
		.header = { .size = sizeof(hello), .type = CHIP_HELLO },
		.magic = CHIP_WIRE_MAGIC,
		.version = CHIP_WIRE_VERSION,
	};

	program->len = greets ? sizeof(hello) : 0;
	memcpy(program->answer, &hello, program->len);
	program->len += take_bytes(in, program->answer + program->len,
				   sizeof(program->answer) - program->len);
}

static void transfer(struct spi_device *dev, uint8_t kind)
{
	uint8_t tx[LEN] = { 0 }, rx[LEN];
	const uint32_t len = 1 + kind % LEN;
	const struct spi_piece piece = {
		.tx = kind & SENDS || !(kind & RECEIVES) ? tx : NULL,
		/* No byte is left behind what is received. */
		.rx = kind & RECEIVES ? rx + LEN - len : NULL,
		.len = len,
		.bits_per_word = 8,
		.keep = kind & KEEPS,
	};
	int ret = spi_device_transfer(dev, &piece);

	/* Without a step's name, the log would have none. */
	must(ret <= 0 && !ret == !dev->failed_step);
	if (kind & RELEASES)
		spi_device_release(dev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct program program;
	const struct sim_socket_config config = { program.address.sun_path,
						  TIMEOUT_MS };
	struct input in = { data, size };
	uint8_t first = take(&in), kinds[TRANSFERS] = { 0 };
	struct spi_device *dev;

	take_bytes(&in, kinds, sizeof(kinds));
	fill(&program, &in, first & GREETS);
	start(&program);
	must(!sim_socket_open(&config, SIM_TIMING_NONE, &dev));
	for (unsigned int i = 0; i < TRANSFERS; i++)
		transfer(dev, kinds[i]);
	spi_device_close(dev);
	stop(&program);
	return 0;
}
