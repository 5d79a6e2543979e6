/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What guests do on the flash of a service fixture. */
#ifndef TEST_FLASH_STEPS_H
#define TEST_FLASH_STEPS_H

#include <string.h>

#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR
#define READY	  0x00
#define BUSY	  0x01

static inline int setup_nor(void **state)
{
	int ret = service_setup(state);

	service_set_framing(*state, "nor");
	return ret;
}

static inline int setup_nand(void **state)
{
	int ret = service_setup(state);

	service_set_framing(*state, "nand");
	return ret;
}

static inline int setup_eeprom(void **state)
{
	int ret = service_setup(state);

	service_set_framing(*state, "eeprom");
	return ret;
}

static inline void read_status(struct service_fixture *f, struct test_guest *g,
			       uint8_t answer)
{
	bool nand = !strcmp(f->specs[0].table_name, "nand");

	f->chips[0].answer = answer;
	guest_tx(g, 0, 0, nand ? "\x0f" : "\x05", 1, OK);
	if (nand)
		guest_tx(g, 0, 0, "\xc0", 1, OK);
	guest_rx(g, 0, 0, 1, OK);
	f->chips[0].answer = -1;
}

static inline void write_enable(struct test_guest *g)
{
	guest_tx(g, 0, 0, "\x06", 1, OK);
}

static inline void program(struct test_guest *g, uint8_t status)
{
	guest_tx(g, 0, 0, "\x02", 1, OK);
	guest_tx(g, 0, 0, "\1\2\3", 3, OK);
	guest_tx(g, 0, 0, "data", 4, status);
}

/* Guest @g has its next message on the flash to wait. */
static inline void wait_for_chip(struct test_guest *g, struct transfer *t)
{
	*t = (struct transfer){ .head = service_head(0, 0), .rx_len = 1 };
	guest_add(g, t);
	assert_int_equal(guest_run(g), SPI_WAIT);
}

static inline void check_served(struct test_guest *g, struct transfer *t,
				uint64_t now)
{
	while (spi_service_step(&g->service, now) == SPI_MORE)
		;
	guest_collect(g);
	transfer_check(t, OK);
}

/* Does what the worker does at @now; nothing comes of it. */
static inline void check_waits(struct test_guest *g, struct transfer *t,
			       uint64_t now)
{
	assert_int_equal(spi_service_step(&g->service, now), SPI_WAIT);
	guest_collect(g);
	assert_false(t->done);
}

static inline void load_page(struct service_fixture *f, struct test_guest *g)
{
	guest_tx(g, 0, 0, "\x13", 1, OK);
	guest_tx(g, 0, 0, "\1\2\3", 3, OK);
	read_status(f, g, BUSY);
	read_status(f, g, READY);
}

static inline void read_cache(struct test_guest *g, uint8_t status)
{
	guest_tx(g, 0, 0, "\x03", 1, OK);
	guest_tx(g, 0, 0, "\0\0\0", 3, OK);
	guest_rx(g, 0, 0, 16, status);
}

#define NOR(test) \
	cmocka_unit_test_setup_teardown(test, setup_nor, service_teardown)
#define NAND(test) \
	cmocka_unit_test_setup_teardown(test, setup_nand, service_teardown)
#define EEPROM(test) \
	cmocka_unit_test_setup_teardown(test, setup_eeprom, service_teardown)

#endif
