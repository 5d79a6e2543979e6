/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <limits.h>
#include <unistd.h>

#include "spi-daemon/files/files.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/cpu.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/spidev.h"
#include "spi-daemon/device/node/spidev_looker.h"
#include "spi-daemon/device/node/spidev_node.h"
#include "spi-daemon/bus/pool.h"

/* Maps memory that outlives this process, for the chip @key; or NULL. */
static void *map_memory(const struct pool *pool, const char *key, size_t size)
{
	void *memory = MAP_FAILED;
	int fd, error;

	if (!pool->memory.get)
		return NULL;
	fd = pool->memory.get(pool->memory.link, key, size);
	error = -fd;
	if (fd >= 0) {
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_NORESERVE, fd, 0);
		error = errno;
		close(fd);
	}
	if (memory != MAP_FAILED)
		return memory;
	log_warning("%s: its state will not survive a crash: %s", key,
		    strerror(error));
	return NULL;
}

/* Simulated memory chips */
static const struct memory_chip {
	size_t (*memory_size)(const struct sim_chip_config *config);
	int (*open)(const struct sim_chip_config *config,
		    enum sim_timing timing, struct spi_device **out);
} memory_chips[] = {
	[DEVICE_SIM_NOR] = { sim_nor_memory_size, sim_nor_open },
	[DEVICE_SIM_EEPROM] = { sim_eeprom_memory_size, sim_eeprom_open },
	[DEVICE_SIM_NAND] = { sim_nand_memory_size, sim_nand_open },
};

static int open_memory_chip(const struct pool *pool,
			    const struct device_spec *spec, const char *key,
			    struct spi_device **dev)
{
	const struct memory_chip *chip = &memory_chips[spec->kind];
	struct sim_chip_config config = spec->chip;
	size_t size = chip->memory_size(&config);
	int ret;

	config.memory = map_memory(pool, key, size);
	ret = chip->open(&config, spec->timing, dev);
	if (ret && config.memory)
		munmap(config.memory, size);
	return ret;
}

static int open_regs(const struct pool *pool, const struct device_spec *spec,
		     const char *key, struct spi_device **dev, char *error,
		     size_t error_size)
{
	struct sim_chip_config config = spec->chip;
	size_t size = sim_regs_memory_size(&config);
	char why[256];
	int ret;

	config.memory = map_memory(pool, key, size);
	ret = sim_regs_open(&config, spec->timing, dev, why, sizeof(why));
	if (!ret)
		return 0;
	snprintf(error, error_size, "device=%s: file=%s", spec->path, why);
	if (config.memory)
		munmap(config.memory, size);
	return ret;
}

/* May tell in @error why it fails. */
static int open_device(const struct pool *pool, const struct device_spec *spec,
		       const char *key, struct spi_device **dev, char *error,
		       size_t error_size)
{
	switch (spec->kind) {
	case DEVICE_SPIDEV:
		return spidev_open(spec->path, spec->cs_high, spec->host_shared,
				   dev);
	case DEVICE_SIM_LOOPBACK:
		return sim_loopback_open(spec->timing, dev);
	case DEVICE_SIM_NOR:
	case DEVICE_SIM_EEPROM:
	case DEVICE_SIM_NAND:
		return open_memory_chip(pool, spec, key, dev);
	case DEVICE_SIM_REGS:
		return open_regs(pool, spec, key, dev, error, error_size);
	case DEVICE_SIM_SOCKET:
		return sim_socket_open(&spec->socket, spec->timing, dev);
	}
	return -EINVAL;
}

/* Returns how many bytes the file of a simulated memory has to have. */
static unsigned long long contents(const struct device_spec *spec)
{
	if (spec->kind == DEVICE_SIM_NAND)
		return sim_nand_file_size(&spec->chip);
	return spec->chip.size;
}

static void explain(const struct device_spec *spec, int ret, char *error,
		    size_t error_size)
{
	const char *file = spec->chip.file ? spec->chip.file : "";
	char who[SPIDEV_PROCESS_MAX];

	if (spec->kind == DEVICE_SPIDEV && ret == -ENOTTY)
		snprintf(error, error_size,
			 "device=%s: is not a SPI character device",
			 spec->path);
	else if (spec->kind == DEVICE_SPIDEV && ret == -EWOULDBLOCK) {
		spidev_looker_find_holder(spec->path, who, sizeof(who));
		snprintf(error, error_size, "device=%s: is locked by %s",
			 spec->path, who);
	} else if (*file && ret == -EFBIG)
		snprintf(error, error_size,
			 "device=%s: file=%s is not %llu bytes long",
			 spec->path, file, contents(spec));
	else if (*file && ret == -EBUSY)
		snprintf(error, error_size,
			 "device=%s: file=%s is in use by another chip",
			 spec->path, file);
	else
		snprintf(error, error_size, "device=%s%s%s: %s", spec->path,
			 *file ? ",file=" : "", file, strerror(-ret));
}

static struct handle *find_handle(struct pool *pool, const char *key)
{
	struct handle *handle = pool->handles;

	while (handle && strcmp(handle->key, key) != 0)
		handle = handle->next;
	return handle;
}

/* The bus of the controller called @name; "" is none that others have. */
static struct pool_bus *get_bus(struct pool *pool, const char *name)
{
	struct pool_bus *bus = *name ? pool->buses : NULL;

	while (bus && strcmp(bus->name, name) != 0)
		bus = bus->next;
	if (!bus) {
		bus = calloc(1, sizeof(*bus));
		if (!bus)
			return NULL;
		bus_init(&bus->bus, cpu_count() > 1, clock_now());
		strlcpy(bus->name, name, sizeof(bus->name));
		bus->next = pool->buses;
		pool->buses = bus;
	}
	bus->users++;
	return bus;
}

static void put_bus(struct pool *pool, struct pool_bus *bus)
{
	struct pool_bus **at = &pool->buses;

	if (--bus->users)
		return;
	while (*at != bus)
		at = &(*at)->next;
	*at = bus->next;
	bus_fini(&bus->bus);
	free(bus);
}

static int find_bus(struct pool *pool, const struct device_spec *spec,
		    struct handle *handle)
{
	char name[sizeof(handle->bus->name)] = "";

	if (spec->kind == DEVICE_SPIDEV)
		spidev_bus_name(spec->path, name, sizeof(name));
	else if (spec->sim_bus)
		snprintf(name, sizeof(name), "sim:%s", spec->sim_bus);
	handle->bus = get_bus(pool, name);
	if (!handle->bus)
		return -ENOMEM;
	if (!*name)
		snprintf(handle->bus->name, sizeof(handle->bus->name),
			 "%.40s (own)", handle->name);
	return 0;
}

static void close_handle(struct pool *pool, struct handle *handle)
{
	if (handle->dev) {
		trace_set_detach(&pool->traces, &handle->tap, handle->dev);
		spi_device_close(handle->dev);
	}
	trace_tap_fini(&handle->tap);
	if (handle->bus)
		put_bus(pool, handle->bus);
	free(handle->trace);
	free(handle->key);
	free(handle->name);
	free(handle);
}

/* One more than any other on @path has: numbers begin with 1. */
static unsigned int next_number(const struct pool *pool, const char *path)
{
	const size_t len = strlen(path);
	unsigned int last = 0;

	for (const struct handle *h = pool->handles; h; h = h->next)
		if (h->number > last && !strncmp(h->name, path, len) &&
		    (!h->name[len] || h->name[len] == '#'))
			last = h->number;
	return last + 1;
}

static int name_handle(const struct pool *pool, const char *path,
		       struct handle *handle)
{
	handle->number = next_number(pool, path);
	if (handle->number == 1)
		handle->name = strdup(path);
	else if (asprintf(&handle->name, "%s#%u", path, handle->number) < 0)
		handle->name = NULL;
	return handle->name ? 0 : -ENOMEM;
}

static int open_handle(struct pool *pool, const struct device_spec *spec,
		       const char *key, struct handle **out, char *error,
		       size_t error_size)
{
	struct handle *handle = calloc(1, sizeof(*handle));
	int ret;

	if (!handle)
		return -ENOMEM;
	trace_tap_init(&handle->tap);
	handle->key = strdup(key);
	ret = handle->key ? name_handle(pool, spec->path, handle) : -ENOMEM;
	if (!ret)
		ret = find_bus(pool, spec, handle);
	if (!ret)
		ret = open_device(pool, spec, key, &handle->dev, error,
				  error_size);
	if (!ret)
		ret = pool_trace_open(pool, spec, handle, error, error_size);
	if (ret) {
		close_handle(pool, handle);
		return ret;
	}
	if (pool->follows && spec->framing == CS_TABLE && spec->table->status)
		handle->operation = (struct operation){
			.state = OPERATION_LEFT,
			.since = clock_now(),
		};
	handle->next = pool->handles;
	pool->handles = handle;
	*out = handle;
	return 0;
}

void pool_init(struct pool *pool)
{
	*pool = (struct pool){ .handles = NULL };
}

void pool_set_memory(struct pool *pool, const struct pool_memory *memory)
{
	pool->memory = *memory;
}

void pool_set_follows(struct pool *pool, bool follows)
{
	pool->follows = follows;
}

void pool_fini(struct pool *pool)
{
	assert(!pool->handles && !pool->buses);
	trace_set_close(&pool->traces);
}

/* Only a flash is one guest's for as long as its operations last. */
static void warn_of_sharing(const struct device_spec *spec,
			    const struct handle *handle)
{
	bool may_matter = spec->kind != DEVICE_SIM_LOOPBACK;

	if (handle->users == 2 && may_matter && spec->framing != CS_TABLE)
		log_warning("%s: several guests share this chip: each message "
			    "is whole, but those of different guests can "
			    "alternate",
			    handle->name);
}

int pool_get(struct pool *pool, const struct device_spec *spec,
	     const char *owner, unsigned int index, struct handle **out,
	     char *error, size_t error_size)
{
	char key[PATH_MAX];
	int ret = 0;

	*error = '\0';
	device_spec_key(spec, owner, index, key, sizeof(key));
	*out = find_handle(pool, key);
	if (!*out)
		ret = open_handle(pool, spec, key, out, error, error_size);
	if (ret) {
		if (!*error)
			explain(spec, ret, error, error_size);
		return ret;
	}
	(*out)->users++;
	warn_of_sharing(spec, *out);
	return 0;
}

int pool_check(const struct device_spec *spec, char *error, size_t error_size)
{
	struct stat st;
	int ret = 0;

	if (spec->kind != DEVICE_SPIDEV)
		return 0;
	ret = files_stat(spec->path, &st);
	if (!ret && !S_ISCHR(st.st_mode))
		ret = -ENOTTY;
	if (ret)
		explain(spec, ret, error, error_size);
	return ret;
}

/* Returns 0 if the file of the chip has its length, or is not there yet. */
static int check_image(const struct device_spec *spec)
{
	struct stat st;
	int ret = files_stat(spec->chip.file, &st);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	if (S_ISREG(st.st_mode) &&
	    (unsigned long long)st.st_size == contents(spec))
		return 0;
	return -EFBIG;
}

int pool_check_file(const struct device_spec *spec, char *error,
		    size_t error_size)
{
	const struct pool none = { .handles = NULL };
	struct spi_device *dev;
	int ret;

	if (!spec->chip.file)
		return 0;
	if (spec->kind == DEVICE_SIM_REGS) {
		ret = open_regs(&none, spec, "", &dev, error, error_size);
		if (!ret)
			spi_device_close(dev);
		return ret;
	}
	ret = check_image(spec);
	if (ret)
		explain(spec, ret, error, error_size);
	return ret;
}

void pool_put(struct pool *pool, struct handle *handle)
{
	struct handle **at = &pool->handles;

	if (--handle->users)
		return;
	while (*at != handle)
		at = &(*at)->next;
	*at = handle->next;
	close_handle(pool, handle);
}
