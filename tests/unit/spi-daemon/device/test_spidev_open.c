/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Files that are not SPI devices, and names of buses */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/device/spidev.h"
#include "spi-daemon/device/node/spidev_node.h"
#include "tests/lib/test.h"

TEST(files_of_other_kinds_are_no_spi_device)
{
	static const char *const chars[] = { "/dev/null", "/dev/zero",
					     "/dev/full", "/dev/urandom" };
	char path[] = "/tmp/test-spidev-XXXXXX";
	struct spi_device *dev;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(spidev_open(path, CS_HIGH_DEFAULT, false, &dev),
			 -ENOTTY);
	unlink(path);
	assert_int_equal(spidev_open(path, CS_HIGH_DEFAULT, false, &dev),
			 -ENOENT);
	assert_int_equal(spidev_open("/tmp", CS_HIGH_DEFAULT, false, &dev),
			 -EISDIR);
	for (size_t i = 0; i < sizeof(chars) / sizeof(chars[0]); i++)
		assert_int_equal(
			spidev_open(chars[i], CS_HIGH_DEFAULT, false, &dev),
			-ENOTTY);
}

/* No process has the other end open: a blocking open would never return. */
TEST(a_fifo_is_no_spi_device)
{
	char path[] = "/tmp/test-spidev-XXXXXX";
	struct spi_device *dev;

	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(spidev_open(path, CS_HIGH_DEFAULT, false, &dev),
			 -ENOTTY);
	unlink(path);
}

TEST(bus_name_falls_back_to_the_path)
{
	static const char *const paths[] = { "/dev/null", "/nowhere/spidev0.0",
					     "/etc/passwd" };
	char name[64], small[6];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		spidev_bus_name(paths[i], name, sizeof(name));
		assert_string_equal(name, paths[i]);
	}
	spidev_bus_name("/dev/null", small, sizeof(small));
	assert_string_equal(small, "/dev/");
}

TEST_MAIN(NULL, NULL)
