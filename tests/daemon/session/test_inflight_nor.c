/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The daemon is killed in the middle of a queue of page programs, and the
 * flash's image shows what each of the two daemons did.
 */
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"

#define DELAY_NS  255000 /* behind each byte */
#define PAGES	  12
#define PAGE_SIZE 256
#define DATA	  64 /* bytes programmed in each */

/* Returns true if page @i of the image is programmed. */
static bool page_is_programmed(const char *image, unsigned int i)
{
	uint8_t bytes[DATA];
	int fd = open(image, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, bytes, DATA, i * PAGE_SIZE), DATA);
	close(fd);
	for (unsigned int k = 0; k < DATA; k++)
		if (bytes[k] != (bytes[0] == 0xff ? 0xff : i))
			fail_msg("page %u is half programmed", i);
	return bytes[0] != 0xff;
}

static void erase_image(const char *image)
{
	uint8_t page[PAGE_SIZE];
	int fd = open(image, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	memset(page, 0xff, sizeof(page));
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(pwrite(fd, page, PAGE_SIZE, i * PAGE_SIZE),
				 PAGE_SIZE);
	close(fd);
}

/* WREN and PAGE PROGRAM for each page, the latter at 20 ms each */
static void submit_programs(struct spi_front *front, uint16_t ids[][2])
{
	for (unsigned int i = 0; i < PAGES; i++) {
		uint8_t program[4 + DATA] = { 0x02, 0, (uint8_t)i, 0 };
		struct spi_front_request request = { rig_head(0),
						     (const uint8_t *)"\x06", 1,
						     NULL, 0 };

		assert_int_equal(
			spi_front_add(front, &request, NULL, &ids[i][0]), 0);
		memset(program + 4, (int)i, DATA);
		request.tx = program;
		request.tx_len = sizeof(program);
		request.head.word_delay_ns = htole32(DELAY_NS);
		/* It is busy for that long, and deaf. */
		request.head.cs_change_delay_inactive_ns = htole32(2000000);
		assert_int_equal(
			spi_front_add(front, &request, NULL, &ids[i][1]), 0);
	}
	spi_front_flush(front);
}

/* Returns how many of the two requests of a page went well. */
static unsigned int wait_pair(struct spi_front *front, const uint16_t ids[2])
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < 2; i++) {
		struct spi_front_result result;

		assert_int_equal(spi_front_wait(front, ids[i], &result), 0);
		assert_true(result.status == VIRTIO_SPI_TRANS_OK ||
			    result.status == VIRTIO_SPI_TRANS_ERR);
		good += result.status == VIRTIO_SPI_TRANS_OK;
	}
	return good;
}

/*
 * The test erases the image between the two daemons, so that what each of
 * them programmed can be told.
 */
static void queue_of_page_programs(struct rig *rig, bool again)
{
	char image[DAEMON_PATH_MAX + 16], device[DAEMON_PATH_MAX + 64];
	const char *args[] = { device, again ? "--replay" : NULL, NULL };
	unsigned int before = 0, unclear = 0;
	uint16_t ids[PAGES][2];
	bool first[PAGES];
	struct spi_front *front;

	snprintf(image, sizeof(image), "%s", daemon_file(&rig->daemon, "nor"));
	snprintf(device, sizeof(device), "--device=sim:nor,size=1M,file=%s",
		 image);
	daemon_start(&rig->daemon, 1, args);
	front = rig_open_tracked(rig, 0);
	submit_programs(front, ids);
	while (front_ring_used_idx(&front->ring) < PAGES)
		usleep(1000);
	usleep(rand() % 20000);
	rig_crash(rig);
	for (unsigned int i = 0; i < PAGES; i++)
		before += first[i] = page_is_programmed(image, i);
	erase_image(image);
	daemon_start(&rig->daemon, 1, args);
	assert_int_equal(spi_front_reconnect(front), 0);
	for (unsigned int i = 0; i < PAGES; i++) {
		bool whole = wait_pair(front, ids[i]) == 2;
		bool second = page_is_programmed(image, i);

		/* The chip forgets WREN in the crash: one page is unclear. */
		unclear += first[i] + second != 1;
		assert_false(!again && first[i] && second);
		assert_true(whole || !again);
	}
	/* On a busy machine the crash may come after the last page. */
	assert_in_range(before, PAGES / 2 - 1, PAGES);
	assert_true(unclear <= 1);
	rig_close_tracked(rig, 0);
}

TEST_WITH(queue_of_page_programs_is_run_once, struct rig *rig)
{
	queue_of_page_programs(rig, false);
}

TEST_WITH(queue_of_page_programs_is_run_with_replay, struct rig *rig)
{
	queue_of_page_programs(rig, true);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
