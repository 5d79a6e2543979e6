/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/daemon/flash_rig.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

uint8_t flash_try(struct spi_front *front, const uint8_t *tx, uint32_t len,
		  uint8_t *rx)
{
	struct spi_front_request request = { rig_head(0), tx, len, rx,
					     rx ? len : 0 };
	struct spi_front_result result;
	uint16_t id;

	request.head.cs_change = 1;
	assert_int_equal(spi_front_submit(front, &request, NULL, &id), 0);
	assert_int_equal(spi_front_wait(front, id, &result), 0);
	return result.status;
}

void flash_send(struct spi_front *front, const uint8_t *tx, uint32_t len)
{
	assert_int_equal(flash_try(front, tx, len, NULL), VIRTIO_SPI_TRANS_OK);
}

uint8_t flash_read(struct spi_front *front, const uint8_t *tx, uint32_t len)
{
	uint8_t rx[8];

	while (flash_try(front, tx, len, rx) != VIRTIO_SPI_TRANS_OK)
		;
	return rx[len - 1];
}

uint8_t flash_status(struct spi_front *front)
{
	return flash_read(front, FLASH_BYTES(0x05, 0));
}

void flash_wait(struct spi_front *front)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (flash_status(front) & FLASH_WIP)
		assert_true(deadline_left(deadline) > 0);
}

uint8_t flash_byte(struct spi_front *front, uint8_t page, uint8_t offset)
{
	return flash_read(front, FLASH_BYTES(0x03, 0, page, offset, 0));
}

void flash_program(struct spi_front *front, uint8_t page, uint8_t byte)
{
	flash_send(front, FLASH_BYTES(0x06));
	flash_send(front, FLASH_BYTES(0x02, 0, page, 0, byte));
	flash_wait(front);
}
