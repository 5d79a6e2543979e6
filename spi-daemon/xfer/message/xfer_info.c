/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/message/xfer_info.h"

#include <endian.h>

#include "virtio/ring/virtio_wire.h"

struct bit_name {
	unsigned int bit;
	const char *name;
};

static const struct bit_name feature_names[] = {
	{ VIRTIO_F_NOTIFY_ON_EMPTY, "NOTIFY_ON_EMPTY" },
	{ VHOST_F_LOG_ALL, "LOG_ALL" },
	{ VIRTIO_F_ANY_LAYOUT, "ANY_LAYOUT" },
	{ VIRTIO_F_INDIRECT_DESC, "INDIRECT_DESC" },
	{ VIRTIO_F_EVENT_IDX, "EVENT_IDX" },
	{ VHOST_USER_F_PROTOCOL_FEATURES, "PROTOCOL_FEATURES" },
	{ VIRTIO_F_VERSION_1, "VERSION_1" },
	{ VIRTIO_F_ACCESS_PLATFORM, "ACCESS_PLATFORM" },
	{ VIRTIO_F_RING_PACKED, "RING_PACKED" },
	{ VIRTIO_F_IN_ORDER, "IN_ORDER" },
	{ VIRTIO_F_ORDER_PLATFORM, "ORDER_PLATFORM" },
	{ 0, NULL },
};

static const struct bit_name protocol_names[] = {
	{ VHOST_USER_PROTOCOL_F_MQ, "MQ" },
	{ VHOST_USER_PROTOCOL_F_LOG_SHMFD, "LOG_SHMFD" },
	{ VHOST_USER_PROTOCOL_F_REPLY_ACK, "REPLY_ACK" },
	{ VHOST_USER_PROTOCOL_F_BACKEND_REQ, "BACKEND_REQ" },
	{ VHOST_USER_PROTOCOL_F_CONFIG, "CONFIG" },
	{ VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD, "INFLIGHT_SHMFD" },
	{ VHOST_USER_PROTOCOL_F_RESET_DEVICE, "RESET_DEVICE" },
	{ VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS, "CONFIGURE_MEM_SLOTS" },
	{ VHOST_USER_PROTOCOL_F_STATUS, "STATUS" },
	{ VHOST_USER_PROTOCOL_F_DEVICE_STATE, "DEVICE_STATE" },
	{ 0, NULL },
};

static const struct bit_name line_names[] = {
	{ 0, "2" },
	{ 1, "4" },
	{ 2, "8" },
	{ 0, NULL },
};

static const struct bit_name mode_names[] = {
	{ 4, "cs-high" },
	{ 5, "lsb-first" },
	{ 6, "loop" },
	{ 0, NULL },
};

/* Names the bits that are set; the number of one that has no name. */
static void print_bits(FILE *out, uint64_t bits, const struct bit_name *names)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		const struct bit_name *name = names;

		if (!(bits >> bit & 1))
			continue;
		while (name->name && name->bit != bit)
			name++;
		if (name->name)
			fprintf(out, " %s", name->name);
		else
			fprintf(out, " %u", bit);
	}
	fputc('\n', out);
}

/* The SPI modes 0..3 that the CPHA and CPOL bits allow */
static void print_modes(FILE *out, uint32_t modes)
{
	fputs("modes:            ", out);
	for (unsigned int mode = 0; mode < 4; mode++) {
		uint32_t cpha = mode & VIRTIO_SPI_MODE_CPHA
					? VIRTIO_SPI_CAN_CPHA_1
					: VIRTIO_SPI_CAN_CPHA_0;
		uint32_t cpol = mode & VIRTIO_SPI_MODE_CPOL
					? VIRTIO_SPI_CAN_CPOL_1
					: VIRTIO_SPI_CAN_CPOL_0;

		if (modes & cpha && modes & cpol)
			fprintf(out, " %u", mode);
	}
	print_bits(out, modes & ~0xfu, mode_names);
}

static void print_word_sizes(FILE *out, uint32_t mask)
{
	fputs("bits per word:    ", out);
	if (mask == 0)
		fputs(" any", out);
	for (unsigned int bit = 0; bit < 32; bit++) {
		if (mask >> bit & 1)
			fprintf(out, " %u", bit + 1);
	}
	fputc('\n', out);
}

static void print_limit(FILE *out, const char *name, uint32_t value,
			const char *unit, const char *zero)
{
	if (value)
		fprintf(out, "%-18s %u %s\n", name, value, unit);
	else
		fprintf(out, "%-18s %s\n", name, zero);
}

static void print_features(FILE *out, const struct front_end *fe)
{
	fputs("features:         ", out);
	print_bits(out, fe->features_offered, feature_names);
	fputs("  negotiated:     ", out);
	print_bits(out, fe->features, feature_names);
	fputs("protocol features:", out);
	print_bits(out, fe->protocol_offered, protocol_names);
	fputs("  negotiated:     ", out);
	print_bits(out, fe->protocol_features, protocol_names);
}

void xfer_info_print(FILE *out, const struct front_end *fe,
		     const struct virtio_spi_wire_config *config)
{
	print_features(out, fe);
	fprintf(out, "chip selects:      %u\n", config->cs_max_number);
	fprintf(out, "cs_change:         %s\n",
		config->cs_change_supported ? "supported" : "unsupported");
	fputs("tx lines:          1", out);
	print_bits(out, config->tx_nbits_supported, line_names);
	fputs("rx lines:          1", out);
	print_bits(out, config->rx_nbits_supported, line_names);
	print_word_sizes(out, le32toh(config->bits_per_word_mask));
	print_modes(out, le32toh(config->mode_func_supported));
	print_limit(out, "max speed:", le32toh(config->max_freq_hz), "Hz",
		    "no limit");
	print_limit(out, "max word delay:", le32toh(config->max_word_delay_ns),
		    "ns", "unsupported");
	print_limit(out, "max cs setup:", le32toh(config->max_cs_setup_ns),
		    "ns", "unsupported");
	print_limit(out, "max cs hold:", le32toh(config->max_cs_hold_ns), "ns",
		    "unsupported");
	print_limit(out,
		    "max cs inactive:", le32toh(config->max_cs_inactive_ns),
		    "ns", "unsupported");
}
