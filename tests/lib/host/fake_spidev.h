/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A model of the kernel's spidev, in a thread of the test.
 *
 * A seccomp filter with user notification sends every SPI ioctl of the calling
 * thread, and of the threads and processes that it starts later, to the model's
 * thread. The code under test is the real one and makes real system calls, in
 * the test or in a whole daemon that the test starts.
 *
 * A device file is a node of another character device; making one takes root.
 * Its ioctls follow drivers/spi/spidev.c and spi.c of Linux 6.x.
 *
 * An error here fails the running cmocka test.
 */
#ifndef TEST_FAKE_SPIDEV_H
#define TEST_FAKE_SPIDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_SPIDEVS	   4
#define FAKE_SPIDEV_EVENTS 4096
#define FAKE_SPIDEV_BYTES  (1u << 20)

enum fake_spidev_kind {
	FAKE_SELECT,  /* an edge of chip select */
	FAKE_RELEASE, /* the other */
	FAKE_CLOCK,   /* a transfer with data */
	FAKE_DELAY,   /* ->delay_us of one, with data or without */
	FAKE_SETUP,   /* a WR_ ioctl that was taken */
};

struct fake_spidev_event {
	enum fake_spidev_kind kind;
	uint32_t mode, speed_hz, len;
	uint16_t delay_us;
	uint8_t bits, word_delay_us, tx_nbits, rx_nbits;
	bool has_tx, has_rx;
};

/* Events in the order in which they happened */
struct fake_spidev_log {
	struct fake_spidev_event events[FAKE_SPIDEV_EVENTS];
	unsigned int count;
	unsigned int ioctls;   /* of all kinds but those that read a setting */
	unsigned int reads;    /* those */
	unsigned int messages; /* SPI_IOC_MESSAGE, refused ones too */
	uint8_t sent[FAKE_SPIDEV_BYTES];
	size_t sent_len;
};

/* The board: set between fake_spidev_make() and the first ioctl. */
struct fake_spidev_board {
	uint32_t mode_bits; /* SPI_... that the controller has */
	uint32_t bits_mask; /* bit n: n+1 bits per word; 0: 1 to 32 */
	uint32_t mode;	    /* as the chip comes up */
	uint32_t max_speed_hz;
	uint32_t bufsiz;  /* bytes */
	bool gpio_cs;	  /* chip select is a GPIO */
	uint32_t drops;	  /* SPI_... bits that a write of the mode clears */
	int empty_error;  /* the driver fails transfers without data: errno */
	bool stays_after; /* a message that fails leaves the chip selected */
};

/* A plain board: modes 0 to 3, 8 to 32 bits, 10 MHz, bufsiz 4096 */
extern const struct fake_spidev_board fake_spidev_plain;

/*
 * Makes the calling thread's SPI ioctls ours, once for all. Skips the running
 * test, with a reason, where that or a device file cannot be made.
 */
void fake_spidev_need(void);

/* Makes device number @i with its file. Returns the path of that. */
const char *fake_spidev_make(unsigned int i,
			     const struct fake_spidev_board *board);

/* Removes all devices. */
void fake_spidev_remove_all(void);

/* The driver is unbound: the file goes, what is open is dead for ever. */
void fake_spidev_unbind(unsigned int i);
void fake_spidev_bind(unsigned int i);

/*
 * The messages number @first to @last from now on, from 1, fail with @error
 * (positive) in the middle of their last transfer.
 */
void fake_spidev_fail(unsigned int i, unsigned int first, unsigned int last,
		      int error);

/* How far an ioctl that writes a setting comes before it fails. */
enum fake_spidev_setup {
	FAKE_SETUP_NOTHING,  /* nothing changes */
	FAKE_SETUP_HALF_WAY, /* the wire has the new mode; it reads as the old
			      */
};

/*
 * The ioctls number @first to @last from now on, from 1, that write a setting
 * which the controller has fail with @error (positive). They do not release a
 * held chip.
 */
void fake_spidev_fail_setup(unsigned int i, unsigned int first,
			    unsigned int last, int error,
			    enum fake_spidev_setup how);

/*
 * Another program writes @mode right before the next message runs: between the
 * ioctls of the code under test.
 */
void fake_spidev_meddle(unsigned int i, uint32_t mode);

bool fake_spidev_is_selected(unsigned int i);

/* The log since the last time, until the next time; starts it anew. */
const struct fake_spidev_log *fake_spidev_take(unsigned int i);

/* Byte @at of all that a chip answers to a transfer without tx; with one it
 * answers the complement. */
uint8_t fake_spidev_answer(size_t at);

#endif
