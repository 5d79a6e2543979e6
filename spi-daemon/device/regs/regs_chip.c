// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/regs/regs_chip.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

/* The version of struct regs_state, into which the map is mixed */
#define REGS_STAMP UINT64_C(0x7265677374617401)
#define FNV_PRIME  UINT64_C(0x100000001b3)

#define FLOATING   0xff

static_assert(sizeof(struct regs_state) <= REGS_MEMORY_SIZE, "the state fits");

static struct regs_chip *chip_of(struct byte_chip *bytes)
{
	return (struct regs_chip *)(void *)bytes;
}

static uint64_t mix(uint64_t hash, uint32_t number)
{
	return (hash ^ number) * FNV_PRIME;
}

static uint64_t stamp_of(const struct regs_map *map)
{
	uint64_t hash = REGS_STAMP;

	for (size_t i = 0; i < map->count; i++) {
		hash = mix(hash, map->regs[i].addr);
		hash = mix(hash, map->regs[i].reset);
		hash = mix(hash, map->regs[i].writable);
		hash = mix(hash, map->regs[i].flags);
		hash = mix(hash, map->regs[i].bytes);
	}
	return hash;
}

/* Returns true if each value is one that its register can have. */
static bool is_valid(const struct regs_chip *chip)
{
	const struct regs_map *map = &chip->map;

	if (chip->state->stamp != stamp_of(map))
		return false;
	for (size_t i = 0; i < map->count; i++)
		if (chip->state->values[i] &
		    ~regs_value_mask(map->regs[i].bytes))
			return false;
	return true;
}

static void open_state(struct regs_chip *chip)
{
	chip->state = chip->memory ? chip->memory : &chip->own_state;
	if (is_valid(chip))
		return;
	chip->state->stamp = 0;
	for (size_t i = 0; i < chip->map.count; i++)
		chip->state->values[i] = chip->map.regs[i].reset;
	chip->state->stamp = stamp_of(&chip->map);
}

int regs_chip_open(struct regs_chip *chip, const char *file, void *memory,
		   char *error, size_t error_size)
{
	int ret;

	memset(chip, 0, sizeof(*chip));
	ret = regs_map_load(&chip->map, file, error, error_size);
	if (ret)
		return ret;
	chip->memory = memory;
	open_state(chip);
	return 0;
}

void regs_chip_close(struct byte_chip *bytes)
{
	struct regs_chip *chip = chip_of(bytes);

	if (chip->memory)
		munmap(chip->memory, REGS_MEMORY_SIZE);
	regs_map_free(&chip->map);
}

static bool has_bit(uint8_t byte, uint8_t bit)
{
	return bit != REGS_NO_BIT && byte >> bit & 1;
}

static void begin_message(struct regs_chip *chip, uint8_t first)
{
	const struct regs_map *map = &chip->map;

	if (map->read_bit != REGS_NO_BIT)
		chip->writes = !has_bit(first, map->read_bit);
	else
		chip->writes = has_bit(first, map->write_bit);
	chip->increments = map->increment;
	if (map->increment_bit != REGS_NO_BIT)
		chip->increments = has_bit(first, map->increment_bit);
	chip->dummy_left = chip->writes ? 0 : map->dummy_bytes;
	chip->command = 0;
	chip->byte = 0;
}

static uint32_t address_mask(const struct regs_map *map)
{
	return UINT32_MAX >> (32 - map->address_bits);
}

static void clock_command(struct regs_chip *chip, uint8_t in)
{
	const struct regs_map *map = &chip->map;

	if (!chip->command_seen)
		begin_message(chip, in);
	chip->command = chip->command << 8 | in;
	chip->command_seen++;
	chip->addr = chip->command >> map->address_shift & address_mask(map);
}

/* Returns the register at the address, or NULL; its value in @value. */
static const struct reg *find(struct regs_chip *chip, _Atomic uint32_t **value)
{
	int index = regs_map_find(&chip->map, chip->addr);

	if (index < 0)
		return NULL;
	*value = &chip->state->values[index];
	return &chip->map.regs[index];
}

static uint8_t width_of(const struct regs_chip *chip, const struct reg *reg)
{
	return reg ? reg->bytes : chip->map.value_bytes;
}

/* By how much byte @byte of a value of @width bytes is shifted, bits */
static unsigned int shift_of(const struct regs_chip *chip, uint8_t byte,
			     uint8_t width)
{
	return 8u * (chip->map.little_endian ? byte : width - 1u - byte);
}

/* Goes on to the next byte of a value of @width bytes, or to the next value. */
static void next_byte(struct regs_chip *chip, uint8_t width)
{
	if (++chip->byte < width)
		return;
	chip->byte = 0;
	if (chip->increments)
		chip->addr = (chip->addr + 1) & address_mask(&chip->map);
}

static uint32_t latch(const struct reg *reg, _Atomic uint32_t *value)
{
	uint32_t latched;

	if (reg->flags & REG_WRITE_ONLY)
		return 0;
	latched = *value;
	if (reg->flags & REG_CLEAR_ON_READ)
		*value = 0;
	return latched;
}

static uint8_t clock_out(struct regs_chip *chip)
{
	_Atomic uint32_t *value;
	const struct reg *reg = find(chip, &value);
	uint8_t width = width_of(chip, reg);
	uint8_t out;

	if (!chip->byte)
		chip->value = reg ? latch(reg, value) : 0;
	out = (uint8_t)(chip->value >> shift_of(chip, chip->byte, width));
	next_byte(chip, width);
	return out;
}

static void store(const struct reg *reg, _Atomic uint32_t *value, uint32_t in)
{
	if (reg->flags & REG_WRITE_1_CLEARS)
		*value = *value & ~(in & reg->writable);
	else
		*value = (*value & ~reg->writable) | (in & reg->writable);
}

static void clock_in(struct regs_chip *chip, uint8_t in)
{
	_Atomic uint32_t *value;
	const struct reg *reg = find(chip, &value);
	uint8_t width = width_of(chip, reg);

	if (!chip->byte)
		chip->value = 0;
	chip->value |= (uint32_t)in << shift_of(chip, chip->byte, width);
	if (reg && chip->byte + 1 == width)
		store(reg, value, chip->value);
	next_byte(chip, width);
}

uint8_t regs_chip_clock(struct byte_chip *bytes, uint8_t in)
{
	struct regs_chip *chip = chip_of(bytes);

	if (chip->ignores)
		return FLOATING;
	if (chip->command_seen < chip->map.command_bytes) {
		clock_command(chip, in);
		return FLOATING;
	}
	if (chip->writes) {
		clock_in(chip, in);
		return FLOATING;
	}
	if (chip->dummy_left) {
		chip->dummy_left--;
		return FLOATING;
	}
	return clock_out(chip);
}

void regs_chip_drop_command(struct byte_chip *bytes)
{
	chip_of(bytes)->ignores = true;
}

void regs_chip_deselect(struct byte_chip *bytes)
{
	struct regs_chip *chip = chip_of(bytes);

	chip->ignores = false;
	chip->command_seen = 0;
}
