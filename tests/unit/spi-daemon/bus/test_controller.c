/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Controllers of simulated chips; test_spidev_probe.c has others. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "spi-daemon/bus/controller.h"
#include "tests/lib/test.h"

struct fixture {
	struct device_list *devices;
	struct pool pool;
	struct controller controller;
	char error[512];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->devices = device_list_new("guest");
	pool_init(&f->pool);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pool_fini(&f->pool);
	device_list_put(f->devices);
	free(f);
	return 0;
}

static void spec(struct fixture *f, const char *text)
{
	if (device_list_add(f->devices, text, f->error, sizeof(f->error)))
		fail_msg("%s", f->error);
}

static void clear(struct fixture *f)
{
	device_list_put(f->devices);
	f->devices = device_list_new("guest");
}

static int open_controller(struct fixture *f)
{
	return controller_open(&f->controller, &f->pool, f->devices, f->error,
			       sizeof(f->error));
}

/* One line that names the device and ends like this. */
static void check_refused(struct fixture *f, int ret, const char *path,
			  const char *why)
{
	assert_int_equal(open_controller(f), ret);
	assert_non_null(strstr(f->error, path));
	assert_non_null(strstr(f->error, why));
	assert_null(strchr(f->error, '\n'));
}

TEST_WITH(one_chip_is_offered_as_it_is, struct fixture *f)
{
	const struct spi_config *c = &f->controller.config;

	spec(f, "sim:loopback");
	assert_int_equal(open_controller(f), 0);
	assert_int_equal(f->controller.chip_count, 1);
	assert_int_equal(c->cs_max_number, 1);
	assert_int_equal(c->cs_change_supported, 1);
	assert_int_equal(c->tx_nbits_supported, 7);
	assert_int_equal(c->rx_nbits_supported, 7);
	assert_int_equal(c->bits_per_word_mask, 0);
	assert_int_equal(c->mode_func_supported, 0x7f);
	assert_int_equal(c->max_freq_hz, 0);
	assert_int_equal(c->max_word_delay_ns, 255000);
	assert_int_equal(c->max_cs_setup_ns, 65535000);
	assert_int_equal(c->max_cs_hold_ns, 65535000);
	assert_int_equal(c->max_cs_inactive_ns, 65535000);
	assert_int_equal(f->controller.max_piece, 65536);
	assert_ptr_equal(f->controller.chips[0].spec, &f->devices->specs[0]);
	controller_close(&f->controller);
}

TEST_WITH(several_chips_offer_what_all_have, struct fixture *f)
{
	spec(f, "sim:loopback");
	spec(f, "sim:nor,size=64k");
	spec(f, "sim:loopback,cs-high=no");
	assert_int_equal(open_controller(f), 0);
	assert_int_equal(f->controller.config.cs_max_number, 3);
	assert_int_equal(f->controller.config.bits_per_word_mask,
			 f->controller.chips[1].caps.bits_per_word_mask);
	assert_int_not_equal(f->controller.config.bits_per_word_mask, 0);
	assert_int_equal(f->controller.config.mode_func_supported,
			 0x7f & ~VIRTIO_SPI_CAN_CS_HIGH);
	controller_close(&f->controller);
}

/* The fastest sets the config's limit, and no limit is the fastest. */
TEST_WITH(clock_limit_is_that_of_the_fastest, struct fixture *f)
{
	static const struct {
		const char *a, *b;
		uint32_t max;
	} cases[] = {
		{ ",max-speed=1M", ",max-speed=2M", 2000000 },
		{ ",max-speed=2M", ",max-speed=1M", 2000000 },
		{ ",max-speed=2M", "", 0 },
		{ "", ",max-speed=2M", 0 },
		{ ",max-speed=4G", ",max-speed=4G", 4000000000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "sim:loopback%s", cases[i].a);
		spec(f, text);
		snprintf(text, sizeof(text), "sim:loopback%s", cases[i].b);
		spec(f, text);
		assert_int_equal(open_controller(f), 0);
		assert_int_equal(f->controller.config.max_freq_hz,
				 cases[i].max);
		controller_close(&f->controller);
		clear(f);
	}
}

TEST_WITH(simulated_chips_have_buses_of_their_own, struct fixture *f)
{
	spec(f, "sim:loopback");
	spec(f, "sim:loopback");
	assert_int_equal(open_controller(f), 0);
	assert_ptr_not_equal(f->controller.chips[0].handle->bus,
			     f->controller.chips[1].handle->bus);
	controller_close(&f->controller);
}

TEST_WITH(missing_device_is_named, struct fixture *f)
{
	spec(f, "/dev/spidev-none");
	check_refused(f, -ENOENT, "device=/dev/spidev-none",
		      "No such file or directory");
}

TEST_WITH(device_of_another_kind_is_named, struct fixture *f)
{
	static const char *const paths[] = { "/dev/null", "/dev/zero",
					     "/etc/passwd" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		spec(f, paths[i]);
		if (!access(paths[i], W_OK))
			check_refused(f, -ENOTTY, paths[i],
				      "is not a SPI character device");
		clear(f);
	}
}

/* What was opened before it is closed again: the leak checkers look on. */
TEST_WITH(later_device_that_fails_closes_the_earlier, struct fixture *f)
{
	spec(f, "sim:loopback");
	spec(f, "sim:nor,size=64k");
	spec(f, "/dev/null");
	check_refused(f, -ENOTTY, "/dev/null", "is not a SPI");
}

TEST_WITH(image_of_another_size_or_in_use_is_named, struct fixture *f)
{
	char path[] = "/tmp/test-controller-XXXXXX", text[96];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 100), 0);
	snprintf(text, sizeof(text), "sim:nor,size=64k,file=%s", path);
	spec(f, text);
	check_refused(f, -EFBIG, path, "is not 65536 bytes long");
	assert_int_equal(ftruncate(fd, 65536), 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	check_refused(f, -EBUSY, path, "is in use by another chip");
	close(fd);
	unlink(path);
}

TEST_WITH(image_in_no_directory_is_named, struct fixture *f)
{
	spec(f, "sim:nor,size=64k,file=/nowhere/image");
	check_refused(f, -ENOENT, "file=/nowhere/image", "No such file");
}

TEST_MAIN(setup, teardown)
