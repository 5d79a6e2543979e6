// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* The NOR flash as a device, with its contents in a file */
#include <unistd.h>

#include "tests/lib/skip.h"
#include "tests/unit/spi-daemon/device/sim/sim_nor_messages.h"

/* A chip with an image file in a directory of its own. */
struct filed {
	struct spi_device *dev;
	char dir[24];
	char file[40];
};

static int setup_file(void **state)
{
	struct filed *f = calloc(1, sizeof(*f));
	struct sim_chip_config config = { .size = SIZE };

	*state = f;
	if (!f)
		return -1;
	strcpy(f->dir, "/tmp/sim_nor.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->file, sizeof(f->file), "%s/image", f->dir);
	config.file = f->file;
	return sim_nor_open(&config, SIM_TIMING_NONE, &f->dev);
}

static int teardown_file(void **state)
{
	struct filed *f = *state;

	spi_device_close(f->dev);
	unlink(f->file);
	rmdir(f->dir);
	free(f);
	return 0;
}

static int send(struct filed *f, const char *tx, uint32_t len, bool keep)
{
	struct spi_piece piece = { .tx = (const uint8_t *)tx,
				   .len = len,
				   .bits_per_word = 8,
				   .keep = keep };

	return spi_device_transfer(f->dev, &piece);
}

static void expect_failure(struct filed *f, int ret, int error, const char *why)
{
	assert_int_equal(ret, error);
	assert_non_null(strstr(f->dev->failed_step, f->file));
	assert_non_null(strstr(f->dev->failed_step, why));
}

/* The chip goes on: its status can be read, and says ready. */
static void check_ready(struct filed *f)
{
	assert_int_equal(status(f->dev), 0);
	assert_null(f->dev->failed_step);
}

TEST_WITH(command_that_the_file_refuses_fails_its_transfer, struct filed *f)
{
	uint8_t rx[5];

	assert_int_equal(truncate(f->file, 0), 0);
	message(f->dev, "\x06", NULL, 1);
	expect_failure(f, send(f, "\x02\0\0\0\x12", 5, false), -ENODATA,
		       "was truncated");
	check_ready(f);
	message(f->dev, "\x06", NULL, 1);
	expect_failure(f, send(f, "\xc7", 1, false), -ENODATA, "was truncated");
	check_ready(f);
	/* A read fails even though the chip is to stay selected. */
	expect_failure(f, send(f, "\x03\0\0\0\0", 5, true), -ENODATA,
		       "was truncated");
	check_ready(f);

	assert_int_equal(truncate(f->file, SIZE), 0);
	message(f->dev, "\x03\0\0\0\0", rx, 5);
	assert_int_equal(rx[4], 0);
	assert_int_equal(unlink(f->file), 0);
	message(f->dev, "\x06", NULL, 1);
	expect_failure(f, send(f, "\xc7", 1, false), -ESTALE,
		       "was deleted or replaced");
	check_ready(f);
}

TEST_WITH(write_that_fails_at_release_fails_what_is_next, struct filed *f)
{
	message(f->dev, "\x06", NULL, 1);
	assert_int_equal(send(f, "\x02\0\0\0\x12", 5, true), 0);
	assert_int_equal(truncate(f->file, 0), 0);
	expect_failure(f, spi_device_release(f->dev), -ENODATA,
		       "was truncated");
	expect_failure(f, send(f, "\x05\0", 2, false), -ENODATA,
		       "was truncated");
	assert_int_equal(spi_device_release(f->dev), 0);
	check_ready(f);
}

/* Returns how many read(2) and pread(2) calls this process has made. */
static unsigned long count_reads(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	unsigned long count;

	if (!file)
		skip_because("this kernel has no /proc/self/io");
	assert_int_equal(fscanf(file, "%*s %*u %*s %*u %*s %lu", &count), 1);
	fclose(file);
	return count;
}

/* From the middle to the end, and around to the start. */
TEST_WITH(long_piece_is_read_from_the_file_at_once, struct filed *f)
{
	static uint8_t rx[SIZE];
	struct spi_piece piece = { .rx = rx, .len = SIZE, .bits_per_word = 8 };
	unsigned long before;

	message(f->dev, "\x06", NULL, 1);
	message(f->dev, "\x02\0\x80\0\x12", NULL, 5);
	wait_ready(f->dev);
	assert_int_equal(send(f, "\x03\0\x80\0", 4, true), 0);
	before = count_reads();
	assert_int_equal(spi_device_transfer(f->dev, &piece), 0);
	/* Two for the chip, and those of count_reads(). */
	assert_in_range(count_reads() - before, 2, 10);
	assert_int_equal(rx[0], 0x12);
	for (size_t i = 1; i < SIZE; i++)
		assert_int_equal(rx[i], 0xff);
}

/* What changes in the file is seen by the next piece of a read. */
TEST_WITH(each_piece_reads_the_file_anew, struct filed *f)
{
	uint8_t rx[1];
	struct spi_piece piece = {
		.rx = rx, .len = 1, .bits_per_word = 8, .keep = true
	};

	assert_int_equal(send(f, "\x03\0\0\0\0\0\0", 7, true), 0);
	assert_int_equal(truncate(f->file, 0), 0);
	assert_int_equal(truncate(f->file, SIZE), 0);
	assert_int_equal(spi_device_transfer(f->dev, &piece), 0);
	assert_int_equal(rx[0], 0);
	assert_int_equal(spi_device_release(f->dev), 0);
}

TEST(close_deselects_and_the_file_keeps_all)
{
	char dir[] = "/tmp/sim_nor.XXXXXX", file[48];
	struct sim_chip_config config = { .size = SIZE, .file = file };
	struct spi_piece piece = { .tx = (const uint8_t *)"\x02\0\0\7\x42",
				   .len = 5,
				   .bits_per_word = 8,
				   .keep = true };
	struct spi_device *dev, *other;
	uint8_t rx[5];

	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/image", dir);
	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &dev), 0);
	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &other),
			 -EBUSY);
	message(dev, "\x06", NULL, 1);
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	spi_device_close(dev);

	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &dev), 0);
	message(dev, "\x03\0\0\7\0", rx, 5);
	assert_int_equal(rx[4], 0x42);
	spi_device_close(dev);
	unlink(file);
	rmdir(dir);
}

TEST_MAIN(setup_file, teardown_file)
