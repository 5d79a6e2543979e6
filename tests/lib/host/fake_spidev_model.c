/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/host/fake_spidev_model.h"

#include <errno.h>
#include <linux/spi/spidev.h>
#include <string.h>
#include <sys/uio.h>

#define TX_LINES  (SPI_TX_DUAL | SPI_TX_QUAD | SPI_TX_OCTAL)
#define RX_LINES  (SPI_RX_DUAL | SPI_RX_QUAD | SPI_RX_OCTAL)
#define WIDE	  (TX_LINES | RX_LINES)
#define DMA_ALIGN 128u /* ARCH_DMA_MINALIGN of the worst case */
#define MAX_XFERS 64
#define MAX_BYTES (1u << 20)

const struct fake_spidev_board fake_spidev_plain = {
	.mode_bits = SPI_CPHA | SPI_CPOL,
	.bits_mask = 0xffffff80,
	.max_speed_hz = 10000000,
	.bufsiz = 4096,
};

uint8_t fake_spidev_answer(size_t at)
{
	return (uint8_t)(at * 11 + (at >> 8) + 3);
}

void fake_spidev_reset(struct fake_spidev_chip *chip)
{
	chip->mode = chip->wire_mode = chip->board.mode;
	chip->speed_hz = chip->board.max_speed_hz;
	chip->bits = 8;
	chip->selected = false;
	chip->answered = 0;
	chip->meddles = false;
	chip->fail_messages = chip->fail_setups =
		(struct fake_spidev_range){ 0 };
}

/* To or from the memory of thread @tid. Returns 0 or -EFAULT. */
static int copy_from(pid_t tid, void *to, uint64_t from, size_t len)
{
	struct iovec local = { to, len };
	struct iovec remote = { (void *)(uintptr_t)from, len };
	ssize_t n = process_vm_readv(tid, &local, 1, &remote, 1, 0);

	return n == (ssize_t)len ? 0 : -EFAULT;
}

static int copy_to(pid_t tid, uint64_t to, const void *from, size_t len)
{
	struct iovec local = { (void *)(uintptr_t)from, len };
	struct iovec remote = { (void *)(uintptr_t)to, len };
	ssize_t n = process_vm_writev(tid, &local, 1, &remote, 1, 0);

	return n == (ssize_t)len ? 0 : -EFAULT;
}

static void note(struct fake_spidev_chip *chip,
		 const struct fake_spidev_event *event)
{
	if (chip->log->count < FAKE_SPIDEV_EVENTS)
		chip->log->events[chip->log->count++] = *event;
}

static void set_cs(struct fake_spidev_chip *chip, bool selected)
{
	const struct fake_spidev_event edge = {
		.kind = selected ? FAKE_SELECT : FAKE_RELEASE,
		.mode = chip->wire_mode,
	};

	if (chip->selected != selected)
		note(chip, &edge);
	chip->selected = selected;
}

static bool has_bits(const struct fake_spidev_chip *chip, uint8_t bits)
{
	uint32_t mask = chip->board.bits_mask;

	return bits >= 1 && bits <= 32 &&
	       (!mask || mask & (uint32_t)1 << (bits - 1));
}

static bool more_than_one(uint32_t bits)
{
	return bits & (bits - 1);
}

/* Counts one ioctl, and returns whether it is one of those to fail. */
static bool is_to_fail(struct fake_spidev_range *range)
{
	bool fails = range->first == 1 || (!range->first && range->last);

	if (range->first)
		range->first--;
	if (range->last)
		range->last--;
	return fails;
}

/* spi_setup(): also releases a chip that is held. */
static int setup(struct fake_spidev_chip *chip, uint32_t mode, uint8_t bits,
		 uint32_t speed_hz)
{
	uint32_t bad = mode & ~chip->board.mode_bits;

	if (more_than_one(mode & (SPI_TX_DUAL | SPI_TX_QUAD)) ||
	    more_than_one(mode & (SPI_RX_DUAL | SPI_RX_QUAD)) ||
	    (mode & SPI_3WIRE && mode & WIDE))
		return -EINVAL;
	if (chip->board.gpio_cs) {
		bad &= ~(uint32_t)SPI_CS_HIGH;
		mode &= ~(uint32_t)SPI_CS_HIGH;
	}
	mode &= ~(bad & WIDE) & ~chip->board.drops;
	if (bad & ~(uint32_t)WIDE || !has_bits(chip, bits))
		return -EINVAL;
	if (is_to_fail(&chip->fail_setups)) {
		if (chip->fail_setup_how == FAKE_SETUP_HALF_WAY)
			chip->wire_mode = mode;
		return -chip->fail_setup_error;
	}
	chip->mode = chip->wire_mode = mode;
	chip->bits = bits;
	chip->speed_hz = speed_hz;
	set_cs(chip, false);
	note(chip, &(struct fake_spidev_event){
			   .kind = FAKE_SETUP, .mode = mode, .bits = bits });
	return 0;
}

static int write_setting(struct fake_spidev_chip *chip, pid_t tid,
			 unsigned int request, uint64_t arg)
{
	uint32_t value = 0;

	if (copy_from(tid, &value, arg, _IOC_SIZE(request)))
		return -EFAULT;
	switch (request) {
	case SPI_IOC_WR_MODE:
	case SPI_IOC_WR_MODE32:
		return setup(chip, value, chip->bits, chip->speed_hz);
	case SPI_IOC_WR_BITS_PER_WORD:
		return setup(chip, chip->mode, (uint8_t)value, chip->speed_hz);
	default:
		if (!value)
			return -EINVAL;
		return setup(chip, chip->mode, chip->bits, value);
	}
}

static int read_setting(const struct fake_spidev_chip *chip, pid_t tid,
			unsigned int request, uint64_t arg)
{
	uint32_t value = request == SPI_IOC_RD_MAX_SPEED_HZ    ? chip->speed_hz
			 : request == SPI_IOC_RD_BITS_PER_WORD ? chip->bits
							       : chip->mode;

	return copy_to(tid, arg, &value, _IOC_SIZE(request));
}

static bool lines_ok(uint8_t nbits, uint32_t mode, uint32_t dual, uint32_t quad,
		     uint32_t octal)
{
	switch (nbits) {
	case 0:
	case 1:
		return true;
	case 2:
		return mode & (dual | quad | octal);
	case 4:
		return mode & (quad | octal);
	case 8:
		return mode & octal;
	default:
		return false;
	}
}

/* __spi_validate(), of one transfer */
static int validate(const struct fake_spidev_chip *chip,
		    struct spi_ioc_transfer *x)
{
	uint32_t word;

	if (!x->bits_per_word)
		x->bits_per_word = chip->bits;
	if (!x->speed_hz || x->speed_hz > chip->board.max_speed_hz)
		x->speed_hz = chip->board.max_speed_hz;
	if (!has_bits(chip, x->bits_per_word))
		return -EINVAL;
	word = x->bits_per_word <= 8 ? 1 : x->bits_per_word <= 16 ? 2 : 4;
	if (x->len % word)
		return -EINVAL;
	if (x->tx_buf && !lines_ok(x->tx_nbits, chip->mode, SPI_TX_DUAL,
				   SPI_TX_QUAD, SPI_TX_OCTAL))
		return -EINVAL;
	if (x->rx_buf && !lines_ok(x->rx_nbits, chip->mode, SPI_RX_DUAL,
				   SPI_RX_QUAD, SPI_RX_OCTAL))
		return -EINVAL;
	return !x->tx_buf && !x->rx_buf && x->len ? -EINVAL : 0;
}

static uint8_t bytes[MAX_BYTES]; /* of one transfer: there is one thread */

/* spidev_message(): the bounce buffers hold each transfer aligned. */
static int check(const struct fake_spidev_chip *chip, pid_t tid,
		 struct spi_ioc_transfer *xfers, unsigned int n)
{
	uint32_t tx = 0, rx = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t aligned = (xfers[i].len + DMA_ALIGN - 1) &
				   ~(DMA_ALIGN - 1);

		tx += xfers[i].tx_buf ? aligned : 0;
		rx += xfers[i].rx_buf ? aligned : 0;
		if (xfers[i].len > MAX_BYTES || tx > chip->board.bufsiz ||
		    rx > chip->board.bufsiz)
			return -EMSGSIZE;
		if (xfers[i].tx_buf &&
		    copy_from(tid, bytes, xfers[i].tx_buf, xfers[i].len))
			return -EFAULT;
	}
	for (unsigned int i = 0; i < n; i++) {
		int ret = validate(chip, &xfers[i]);

		if (ret)
			return ret;
	}
	return 0;
}

/* The bytes of one transfer, there. -ESRCH: the caller was killed. */
static int send_bytes(struct fake_spidev_chip *chip, pid_t tid,
		      const struct spi_ioc_transfer *x)
{
	struct fake_spidev_log *log = chip->log;

	if (!x->tx_buf)
		return 0;
	if (copy_from(tid, bytes, x->tx_buf, x->len))
		return -ESRCH;
	if (log->sent_len + x->len <= FAKE_SPIDEV_BYTES) {
		memcpy(log->sent + log->sent_len, bytes, x->len);
		log->sent_len += x->len;
	}
	return 0;
}

/* And back, which may fail. */
static int receive_bytes(struct fake_spidev_chip *chip, pid_t tid,
			 const struct spi_ioc_transfer *x)
{
	for (uint32_t i = 0; i < x->len; i++)
		bytes[i] = x->tx_buf ? (uint8_t)~bytes[i]
				     : fake_spidev_answer(chip->answered++);
	return x->rx_buf ? copy_to(tid, x->rx_buf, bytes, x->len) : 0;
}

static int run_transfer(struct fake_spidev_chip *chip, pid_t tid,
			const struct spi_ioc_transfer *x)
{
	struct fake_spidev_event event = {
		.kind = FAKE_CLOCK,
		.mode = chip->wire_mode,
		.speed_hz = x->speed_hz,
		.len = x->len,
		.bits = x->bits_per_word,
		.word_delay_us = x->word_delay_usecs,
		.tx_nbits = x->tx_nbits,
		.rx_nbits = x->rx_nbits,
		.has_tx = x->tx_buf,
		.has_rx = x->rx_buf,
	};
	int ret = 0;

	if (x->len) {
		ret = send_bytes(chip, tid, x);
		if (ret)
			return ret;
		note(chip, &event);
		ret = receive_bytes(chip, tid, x);
	}
	if (x->delay_usecs) {
		event.kind = FAKE_DELAY;
		event.delay_us = x->delay_usecs;
		note(chip, &event);
	}
	return ret;
}

/*
 * A driver that does messages itself, and takes no transfer without data, ends
 * the message there: chip select stays, or is left as if the message went on.
 */
static bool refuses(struct fake_spidev_chip *chip,
		    const struct spi_ioc_transfer *x)
{
	if (x->len || !chip->board.empty_error)
		return false;
	if (chip->board.stays_after)
		set_cs(chip, true);
	return true;
}

/* spi_transfer_one_message() */
static int run_message(struct fake_spidev_chip *chip, pid_t tid,
		       const struct spi_ioc_transfer *xfers, unsigned int n)
{
	bool keep = false, fails = is_to_fail(&chip->fail_messages);
	int ret = 0, total = 0, stored = 0, moved;

	for (unsigned int i = 0; i < n && !ret; i++) {
		if (refuses(chip, &xfers[i]))
			return -chip->board.empty_error;
		set_cs(chip, true);
		moved = run_transfer(chip, tid, &xfers[i]);
		/* What came is copied out when all is over. */
		if (moved == -ESRCH)
			ret = -EFAULT;
		else
			stored |= moved;
		if (fails && i == n - 1)
			ret = -chip->fail_error;
		total += (int)xfers[i].len;
		if (!xfers[i].cs_change || ret)
			continue;
		if (i == n - 1) {
			keep = true;
		} else {
			set_cs(chip, false);
			set_cs(chip, true);
		}
	}
	if (!keep && !(ret && chip->board.stays_after))
		set_cs(chip, false);
	return ret ? ret : stored ? stored : total;
}

static int message(struct fake_spidev_chip *chip, pid_t tid,
		   unsigned int request, uint64_t arg)
{
	struct spi_ioc_transfer xfers[MAX_XFERS];
	unsigned int n = _IOC_SIZE(request) / sizeof(xfers[0]);
	int ret;

	chip->log->messages++;
	if (chip->meddles)
		setup(chip, chip->meddle_mode, chip->bits, chip->speed_hz);
	chip->meddles = false;
	if (_IOC_NR(request) != 0 || _IOC_SIZE(request) % sizeof(xfers[0]) ||
	    n > MAX_XFERS)
		return -EINVAL;
	if (copy_from(tid, xfers, arg, n * sizeof(xfers[0])))
		return -EFAULT;
	ret = check(chip, tid, xfers, n);
	return ret ? ret : run_message(chip, tid, xfers, n);
}

int fake_spidev_ioctl(struct fake_spidev_chip *chip, pid_t tid,
		      unsigned int request, uint64_t arg)
{
	switch (request) {
	case SPI_IOC_RD_MODE:
	case SPI_IOC_RD_MODE32:
	case SPI_IOC_RD_BITS_PER_WORD:
	case SPI_IOC_RD_MAX_SPEED_HZ:
		chip->log->reads++;
		return read_setting(chip, tid, request, arg);
	case SPI_IOC_WR_MODE:
	case SPI_IOC_WR_MODE32:
	case SPI_IOC_WR_BITS_PER_WORD:
	case SPI_IOC_WR_MAX_SPEED_HZ:
		chip->log->ioctls++;
		return write_setting(chip, tid, request, arg);
	default:
		chip->log->ioctls++;
		return message(chip, tid, request, arg);
	}
}
