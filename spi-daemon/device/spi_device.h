/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One chip on a SPI bus, real or simulated: what each kind of device supplies,
 * and what the rest of the daemon sees of it.
 *
 * Only the owner of a bus calls the devices on it (see bus.h), so a device
 * needs no lock. A function that any thread may call says so.
 */
#ifndef SPI_DEVICE_H
#define SPI_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/spi/spi_wire.h"

/*
 * What a device can do, in the terms of the virtio config space (5.21.4),
 * but in host byte order.
 */
struct spi_caps {
	uint8_t tx_nbits; /* VIRTIO_SPI_CAN_DUAL, ... */
	uint8_t rx_nbits;
	uint32_t bits_per_word_mask; /* bit n: n+1 bits; 0: 1 to 32 */
	uint32_t modes;		     /* VIRTIO_SPI_CAN_CPHA_0, ... */
	uint32_t max_speed_hz;	     /* 0: no limit */
	uint32_t min_speed_hz;	     /* slowest clock worth asking for */
	uint32_t max_word_delay_ns;
	uint32_t max_setup_ns;
	uint32_t max_hold_ns;
	uint32_t max_inactive_ns;
	uint32_t max_piece; /* bytes in one struct spi_piece */
};

/*
 * The kernel counts each transfer of a message in units of a cache line of DMA
 * memory: bytes, the largest there is.
 */
#define SPI_PIECE_ROOM 128

/*
 * One piece of a transfer: what goes over the bus in one go, in a bounded
 * time. A short transfer is one piece. Pieces that are linked by ->next go over
 * the bus as one message, each with its own clock, word size and lines.
 */
struct spi_piece {
	const struct spi_piece *next; /* NULL: the last of the message */
	const uint8_t *tx;	      /* NULL: zeros are sent */
	uint8_t *rx;		      /* NULL: received bytes are dropped */
	uint32_t len;		      /* bytes, whole words, 1..max_piece */
	uint32_t speed_hz;	      /* 0: the device's own maximum */
	uint32_t mode;		      /* VIRTIO_SPI_MODE_... */
	uint8_t bits_per_word;	      /* 1..32 */
	uint8_t tx_nbits;	      /* lines: 0 and 1 are both single */
	uint8_t rx_nbits;
	uint32_t word_delay_ns; /* between words */
	uint32_t setup_ns;	/* after select, before the clock */
	uint32_t hold_ns;	/* after the last word */
	bool keep;		/* of the last: leave the chip selected */
};

/* Whether guests may ask for an active-high chip select */
enum cs_high {
	CS_HIGH_DEFAULT, /* if the device comes up with one */
	CS_HIGH_NO,
	CS_HIGH_YES,
};

struct spi_device;

struct spi_device_ops {
	/*
	 * Runs @piece and all that are linked to it, in order. Selects the
	 * chip first unless it is selected already, and releases it after the
	 * last piece, unless that has ->keep. After an error the chip is
	 * released; if that fails too, the next call tries it again, and fails
	 * if it cannot: no piece runs in an old selection. The tx bytes of all
	 * pieces, and the rx bytes, are each max_piece or fewer, where each
	 * piece counts SPI_PIECE_ROOM or a multiple of it. tx and rx may point
	 * into guest memory, which can change at any time: read each byte of
	 * tx once.
	 * Returns 0, or a negative errno: also that of a release() before,
	 * if what failed there was the work of an earlier transfer.
	 */
	int (*transfer)(struct spi_device *dev, const struct spi_piece *piece);

	/*
	 * Releases the chip after a ->keep, or after an error. Does nothing
	 * to a chip that is released. Returns 0; or a negative errno: the
	 * chip may still be selected.
	 */
	int (*release)(struct spi_device *dev);

	/*
	 * Returns false once the device has found out that it cannot wait
	 * between select and clock. NULL: it always can, within its caps.
	 * For any thread.
	 */
	bool (*has_setup)(const struct spi_device *dev);

	/* Releases the chip and frees the device. */
	void (*close)(struct spi_device *dev);
};

/*
 * Who sees what goes over the wire. The owner of the bus calls it, and waits
 * for it, so it must not wait for anything itself. Times are monotonic ns.
 */
struct spi_tap {
	/* transfer() ran @piece, between @begin and @end, and returned @ret. */
	void (*transferred)(struct spi_tap *tap, const struct spi_piece *piece,
			    int ret, uint64_t begin, uint64_t end);
	/* release() was called, and has returned at @at. */
	void (*released)(struct spi_tap *tap, uint64_t at);
};

/* Embedded as first member by each implementation. */
struct spi_device {
	const struct spi_device_ops *ops;
	/* NULL: none. It outlives the device; any thread may set or clear it.
	 */
	struct spi_tap *_Atomic tap;
	struct spi_caps caps;	 /* constant once the device is open */
	const char *failed_step; /* the step that failed last, or NULL */
};

/* Returns the step that failed last; @step if the device does not name it. */
static inline const char *spi_device_failed_step(const struct spi_device *dev,
						 const char *step)
{
	return dev->failed_step ? dev->failed_step : step;
}

/*
 * The tap that is to see the next call of the device's owner, or NULL. What it
 * sees must be in our own memory: a guest can change what is in its own.
 */
static inline struct spi_tap *spi_device_tap(const struct spi_device *dev)
{
	return atomic_load_explicit(&dev->tap, memory_order_acquire);
}

/* The same calls, as @tap sees them. */
int spi_tap_transfer(struct spi_tap *tap, struct spi_device *dev,
		     const struct spi_piece *piece);
int spi_tap_release(struct spi_tap *tap, struct spi_device *dev);

static inline int spi_device_transfer(struct spi_device *dev,
				      const struct spi_piece *piece)
{
	struct spi_tap *tap = spi_device_tap(dev);

	if (__builtin_expect(tap != NULL, 0))
		return spi_tap_transfer(tap, dev, piece);
	return dev->ops->transfer(dev, piece);
}

static inline int spi_device_release(struct spi_device *dev)
{
	struct spi_tap *tap = spi_device_tap(dev);

	if (__builtin_expect(tap != NULL, 0))
		return spi_tap_release(tap, dev);
	return dev->ops->release(dev);
}

/*
 * Returns the longest setup delay, ns: caps.max_setup_ns, or 0 if has_setup()
 * is false. For any thread.
 */
static inline uint32_t spi_device_max_setup_ns(const struct spi_device *dev)
{
	bool has = !dev->ops->has_setup || dev->ops->has_setup(dev);

	return has ? dev->caps.max_setup_ns : 0;
}

static inline void spi_device_close(struct spi_device *dev)
{
	dev->ops->close(dev);
}

#endif
