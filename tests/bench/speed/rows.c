/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/row.h"

const struct row_group row_groups[] = {
	{ "single", "One guest, one request at a time", NULL },
	{ "batch", "One guest, many requests at once", NULL },
	{ "guests", "Guests with one request each, on one chip", "guests" },
	{ "bus", "The same, a message takes 30 us on the bus", "guests" },
	{ "sleep", "The same, and the controller's driver sleeps meanwhile",
	  NULL },
	{ "depth", "Requests at once, of 4 bytes", "requests at once" },
	{ "length", "Bytes of a request", "bytes" },
	{ "parts", "Descriptors of a request of 4096 bytes",
	  "descriptors of a request" },
	{ "slots", "Memory slots of the guest", "memory slots" },
	{ "trace", "With a trace of the wire, one request at a time", NULL },
};

const size_t row_group_count = sizeof(row_groups) / sizeof(row_groups[0]);

#define SINGLE(row_name, row_cpus, ...)                           \
	{                                                         \
		.group = "single", .name = row_name, .guests = 1, \
		.cpus = row_cpus, __VA_ARGS__                     \
	}

#define BATCH(n, bytes)                                                \
	{                                                              \
		.group = "batch", .name = #n " at once, " #bytes " B", \
		.guests = 1, .kind = { .depth = n, .len = bytes },     \
		.cpus = CPUS_TWO, .batch = true                        \
	}

#define WINDOW(n, bytes)                                                    \
	{                                                                   \
		.group = "batch", .name = #n " at all times, " #bytes " B", \
		.guests = 1, .kind = { .depth = n, .len = bytes },          \
		.cpus = CPUS_TWO                                            \
	}

#define GUESTS(n)                                                             \
	{                                                                     \
		.group = "guests", .name = #n " guests", .x = n, .guests = n, \
		.kind = { .depth = 1, .len = 4 }, .cpus = CPUS_FREE           \
	}

#define BUS(n)                                                       \
	{                                                            \
		.group = "bus", .name = #n " guests, 30 us", .x = n, \
		.guests = n, .kind = { .depth = 1, .len = 4 },       \
		.cpus = CPUS_FREE, .message_ns = 30000               \
	}

#define DEPTH(n)                                                            \
	{                                                                   \
		.group = "depth", .name = "depth " #n, .x = n, .guests = 1, \
		.kind = { .depth = n, .len = 4 }, .cpus = CPUS_TWO,         \
		.batch = true                                               \
	}

#define LENGTH(bytes)                                               \
	{                                                           \
		.group = "length", .name = #bytes " B", .x = bytes, \
		.guests = 1, .kind = { .depth = 1, .len = bytes },  \
		.cpus = CPUS_ONE                                    \
	}

#define PARTS(n)                                                          \
	{                                                                 \
		.group = "parts", .name = #n " + " #n " + 2 descriptors", \
		.x = 2 * n + 2, .guests = 1,                              \
		.kind = { .depth = 1, .len = 4096, .parts = n },          \
		.cpus = CPUS_ONE                                          \
	}

#define SLOTS(n)                                                            \
	{                                                                   \
		.group = "slots", .name = #n " slots", .x = n, .guests = 1, \
		.kind = { .depth = 1, .len = 4, .regions = n },             \
		.cpus = CPUS_ONE                                            \
	}

#define TRACE(bytes)                                                    \
	{                                                               \
		.group = "trace", .name = #bytes " B", .guests = 1,     \
		.kind = { .depth = 1, .len = bytes }, .cpus = CPUS_TWO, \
		.has_trace = true                                       \
	}

const struct row rows[] = {
	SINGLE("round trip, one CPU", CPUS_ONE,
	       .kind = { .depth = 1, .len = 4 }, .rests = true,
	       .counts_calls = true, .has_keeper = true),
	SINGLE("the same, without a rest", CPUS_ONE,
	       .kind = { .depth = 1, .len = 4 }, .counts_calls = true),
	SINGLE("round trip, two CPUs", CPUS_TWO,
	       .kind = { .depth = 1, .len = 4 }, .rests = true,
	       .has_poll = true),
	SINGLE("the same, without a rest", CPUS_TWO,
	       .kind = { .depth = 1, .len = 4 }, .has_poll = true),
	SINGLE("the driver polls", CPUS_TWO,
	       .kind = { .depth = 1, .len = 4, .polls = true }, .rests = true,
	       .has_poll = true, .counts_calls = true),
	SINGLE("back to back, the driver polls", CPUS_TWO,
	       .kind = { .depth = 2, .len = 4, .polls = true },
	       .counts_calls = true),
	BATCH(32, 4),
	BATCH(32, 256),
	BATCH(32, 4096),
	BATCH(128, 4),
	BATCH(128, 256),
	BATCH(128, 4096),
	WINDOW(32, 4),
	WINDOW(128, 4),
	GUESTS(1),
	GUESTS(2),
	GUESTS(4),
	GUESTS(16),
	GUESTS(64),
	BUS(1),
	BUS(2),
	BUS(4),
	BUS(16),
	BUS(64),
	{ .group = "sleep",
	  .name = "16 guests, 30 us asleep",
	  .guests = 16,
	  .kind = { .depth = 1, .len = 4 },
	  .cpus = CPUS_FREE,
	  .message_ns = 30000,
	  .bus_sleeps = true },
	DEPTH(1),
	DEPTH(2),
	DEPTH(4),
	DEPTH(8),
	DEPTH(16),
	DEPTH(32),
	DEPTH(64),
	DEPTH(128),
	LENGTH(1),
	LENGTH(16),
	LENGTH(64),
	LENGTH(256),
	LENGTH(1024),
	LENGTH(4096),
	LENGTH(16384),
	LENGTH(65536),
	PARTS(1),
	PARTS(4),
	PARTS(16),
	PARTS(64),
	PARTS(256),
	SLOTS(2),
	SLOTS(8),
	SLOTS(32),
	SLOTS(128),
	SLOTS(509),
	TRACE(4),
	TRACE(256),
	TRACE(4096),
};

const size_t row_count = sizeof(rows) / sizeof(rows[0]);
