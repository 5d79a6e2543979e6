/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <linux/spi/spidev.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "spi-daemon/device/spidev_message.h"
#include "spi-daemon/device/spidev_probe.h"
#include "spi-daemon/files/files.h"

#define WIDE_BITS                                                 \
	(SPI_TX_DUAL | SPI_TX_QUAD | SPI_TX_OCTAL | SPI_RX_DUAL | \
	 SPI_RX_QUAD | SPI_RX_OCTAL)

#define BUFSIZ_FILE    "/sys/module/spidev/parameters/bufsiz"
#define BUFSIZ_DEFAULT 4096

/* Some drivers divide by zero for slower clocks. */
#define MIN_SPEED_HZ 1000

int spidev_get_mode(int fd, uint32_t *mode)
{
	uint8_t low;

	if (!ioctl(fd, SPI_IOC_RD_MODE32, mode))
		return 0;
	if (errno != ENOTTY || ioctl(fd, SPI_IOC_RD_MODE, &low) < 0)
		return -errno;
	*mode = low;
	return 0;
}

int spidev_set_mode(int fd, uint32_t mode)
{
	return ioctl(fd, SPI_IOC_WR_MODE32, &mode) < 0 ? -errno : 0;
}

int spidev_get_settings(int fd, struct spidev_settings *settings)
{
	int ret = spidev_get_mode(fd, &settings->mode);

	if (ret < 0)
		return ret;
	if (ioctl(fd, SPI_IOC_RD_BITS_PER_WORD, &settings->bits) < 0 ||
	    ioctl(fd, SPI_IOC_RD_MAX_SPEED_HZ, &settings->speed_hz) < 0)
		return -errno;
	return 0;
}

/*
 * Returns the wide bits that the controller has. The kernel silently drops
 * those that it lacks, and refuses dual and quad together: try one width at a
 * time.
 */
static uint32_t probe_lines(int fd, uint32_t base)
{
	static const uint32_t widths[] = {
		SPI_TX_DUAL | SPI_RX_DUAL,
		SPI_TX_QUAD | SPI_RX_QUAD,
		SPI_TX_OCTAL | SPI_RX_OCTAL,
	};
	uint32_t lines = 0, mode;

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		if (!spidev_set_mode(fd, base | widths[i]) &&
		    !spidev_get_mode(fd, &mode))
			lines |= mode & widths[i];
	return lines;
}

/* Returns the mode bits for these lines. Quad allows dual transfers too. */
static uint32_t lines_mode(uint32_t lines)
{
	if (lines & SPI_TX_QUAD)
		lines &= ~SPI_TX_DUAL;
	if (lines & SPI_RX_QUAD)
		lines &= ~SPI_RX_DUAL;
	return lines;
}

/* Returns true if the controller has all of @mode. */
static bool takes_mode(int fd, uint32_t mode)
{
	uint32_t got;

	return !spidev_set_mode(fd, mode) && !spidev_get_mode(fd, &got) &&
	       (got & ~SPI_CS_HIGH) == (mode & ~SPI_CS_HIGH);
}

static uint32_t probe_modes(int fd, uint32_t base)
{
	static const struct {
		uint32_t clear, set;
		uint32_t can;
	} tries[] = {
		{ SPI_CPHA, 0, VIRTIO_SPI_CAN_CPHA_0 },
		{ 0, SPI_CPHA, VIRTIO_SPI_CAN_CPHA_1 },
		{ SPI_CPOL, 0, VIRTIO_SPI_CAN_CPOL_0 },
		{ 0, SPI_CPOL, VIRTIO_SPI_CAN_CPOL_1 },
		{ 0, SPI_LSB_FIRST, VIRTIO_SPI_CAN_LSB_FIRST },
		{ 0, SPI_LOOP, VIRTIO_SPI_CAN_LOOP },
	};
	uint32_t can = 0;

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		if (takes_mode(fd, (base & ~tries[i].clear) | tries[i].set))
			can |= tries[i].can;
	return can;
}

/* Returns the wide bits of @mode as the config space has them. */
static uint8_t wide(uint32_t mode, uint32_t dual, uint32_t quad, uint32_t octal)
{
	return (uint8_t)((mode & dual ? VIRTIO_SPI_CAN_DUAL : 0) |
			 (mode & quad ? VIRTIO_SPI_CAN_QUAD : 0) |
			 (mode & octal ? VIRTIO_SPI_CAN_OCTAL : 0));
}

static int probe_bits_per_word(int fd, uint32_t *mask)
{
	uint8_t before;

	if (ioctl(fd, SPI_IOC_RD_BITS_PER_WORD, &before) < 0)
		return -errno;
	for (uint8_t bits = 1; bits <= 32; bits++)
		if (!ioctl(fd, SPI_IOC_WR_BITS_PER_WORD, &bits))
			*mask |= 1u << (bits - 1);
	if (!ioctl(fd, SPI_IOC_WR_BITS_PER_WORD, &before))
		return 0;
	/* A chip comes up with 8, whether its controller has that or not. */
	return *mask & 1u << (before - 1) ? -errno : 0;
}

static uint32_t max_piece(void)
{
	unsigned int bytes = BUFSIZ_DEFAULT;
	FILE *file = files_read(BUFSIZ_FILE);

	if (file) {
		if (fscanf(file, "%u", &bytes) != 1)
			bytes = BUFSIZ_DEFAULT;
		fclose(file);
	}
	if (bytes < sizeof(uint32_t))
		return sizeof(uint32_t); /* one word of any size */
	return bytes < SPI_PIECE_ROOM ? bytes : bytes & ~(SPI_PIECE_ROOM - 1u);
}

int spidev_probe(int fd, uint32_t found, struct spi_caps *caps, uint32_t *base)
{
	uint32_t lines;
	int ret;

	*base = found & ~WIDE_BITS;
	lines = probe_lines(fd, *base);
	/* The kernel allows a transfer only the lines of the mode. */
	*base |= lines_mode(lines);

	*caps = (struct spi_caps){
		.tx_nbits = wide(lines, SPI_TX_DUAL, SPI_TX_QUAD, SPI_TX_OCTAL),
		.rx_nbits = wide(lines, SPI_RX_DUAL, SPI_RX_QUAD, SPI_RX_OCTAL),
		.modes = probe_modes(fd, *base & ~SPIDEV_REQUEST_BITS),
		.min_speed_hz = MIN_SPEED_HZ,
		.max_word_delay_ns = UINT8_MAX * 1000u,
		.max_setup_ns = UINT16_MAX * 1000u,
		.max_hold_ns = UINT16_MAX * 1000u,
		.max_inactive_ns = UINT16_MAX * 1000u,
		.max_piece = max_piece(),
	};
	ret = probe_bits_per_word(fd, &caps->bits_per_word_mask);
	if (ret < 0)
		return ret;
	if (ioctl(fd, SPI_IOC_RD_MAX_SPEED_HZ, &caps->max_speed_hz) < 0)
		return -errno;
	return spidev_set_mode(fd, *base);
}
