/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The chips of this host that guests use: one handle for each, whoever shares
 * it, and one bus for each controller.
 *
 * Guests come and go in one thread, the supervisor's, so that the lists need
 * no lock. Guests at work use only their own handles, as owners of the bus.
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/bus/bus.h"
#include "spi-daemon/bus/operation.h"
#include "spi-daemon/config/guest/device_spec.h"
#include "spi-daemon/device/spi_device.h"
#include "spi-daemon/bus/stats.h"
#include "spi-daemon/trace/trace_set.h"

struct pool_bus {
	struct bus bus;
	struct bus_stats stats;
	struct pool_bus *next;
	unsigned int users; /* handles */
	char name[64];	    /* of its controller; or of whose own it is */
};

/* One chip of this host. */
struct handle {
	struct pool_bus *bus; /* constant */
	/* Only the owner of the bus uses these: */
	struct spi_device *dev;
	uint64_t quiet_until; /* monotonic ns: not to be selected earlier */
	struct operation operation; /* that a guest has begun on it */
	struct device_stats stats;
	struct trace_tap tap;
	/* Only the pool uses these: */
	struct handle *next;
	struct trace_chip trace_chip; /* what traces call the chip */
	char *trace;	    /* the file of its own trace; NULL: none */
	unsigned int users; /* guests */
	char *key;	    /* see device_spec_key() */
	char *name; /* its path, and # and its number unless that is 1 */
	unsigned int number; /* among the chips with one path, from 1 */
};

/* Where memory comes from that outlives this process. */
struct pool_memory {
	/*
	 * Returns a descriptor of @size bytes that the next process gets for
	 * the same @name and @size, zeros at first; or a negative errno.
	 */
	int (*get)(int link, const char *name, uint64_t size);
	int link; /* stays the caller's */
};

struct pool {
	struct pool_memory memory; /* get is NULL: there is none */
	struct handle *handles;
	struct pool_bus *buses;
	struct trace_set traces; /* to be opened before any device is */
	uint32_t controllers;	 /* that there have been */
	bool follows; /* an earlier process: see pool_set_follows() */
};

void pool_init(struct pool *pool);

/* Simulated chips that are opened from now on outlive this process. */
void pool_set_memory(struct pool *pool, const struct pool_memory *memory);

/*
 * With @follows, an earlier process may have ended in the middle of a flash
 * operation of a chip that is opened from now on: see OPERATION_LEFT.
 */
void pool_set_follows(struct pool *pool, bool follows);

/* All handles were put. Closes the traces. */
void pool_fini(struct pool *pool);

/*
 * Stores in @out a handle of the device that @spec describes, chip select
 * @index of @owner's list: the one that others have, too, or a new one. The
 * descriptions that guests give of one device do not contradict each other
 * (see guest_check()). To be given back with pool_put().
 * Returns 0; or a negative errno, with one line (no newline) in @error that
 * names the device.
 */
int pool_get(struct pool *pool, const struct device_spec *spec,
	     const char *owner, unsigned int index, struct handle **out,
	     char *error, size_t error_size);

/*
 * Is the device that @spec describes there, as far as can be told without
 * opening it? Returns 0; or a negative errno, with one line (no newline) in
 * @error that names the device.
 */
int pool_check(const struct device_spec *spec, char *error, size_t error_size);

/*
 * The same of the file of a simulated chip: a map of registers has no mistake,
 * and an image has the length of the chip's contents, if it is there. Nothing
 * is made or locked.
 */
int pool_check_file(const struct device_spec *spec, char *error,
		    size_t error_size);

/* Gives @handle back. The last one closes the device. */
void pool_put(struct pool *pool, struct handle *handle);

/*
 * From now on the @count traces @paths see all chips, instead of those so far;
 * see trace_set_change(). Returns 0; or a negative errno, with one line (no
 * newline) in @error that names the option: then nothing was changed.
 */
int pool_change_traces(struct pool *pool, char *const *paths,
		       unsigned int count, uint64_t size, char *error,
		       size_t error_size);

/*
 * From now on the chip of @handle has the trace of its own that @spec names, or
 * none. If that fails, the log says why.
 */
void pool_change_own_trace(struct pool *pool, struct handle *handle,
			   const struct device_spec *spec);

/*
 * For the pool itself: has the traces see what the chip does, which @handle has
 * opened.
 */
int pool_trace_open(struct pool *pool, const struct device_spec *spec,
		    struct handle *handle, char *error, size_t error_size);

#endif
