/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What both kinds of inflight region have in common. */
#include <errno.h>

#include "vhost/ring/inflight_layout.h"

uint64_t inflight_bytes(bool packed, uint16_t desc_num)
{
	uint64_t n = desc_num;

	if (packed)
		return sizeof(struct inflight_packed) +
		       n * sizeof(struct inflight_packed_desc);
	return sizeof(struct inflight_split) +
	       n * sizeof(struct inflight_split_desc);
}

uint64_t inflight_stride(bool packed, uint16_t desc_num)
{
	return (inflight_bytes(packed, desc_num) + 63) & ~63ull;
}

const char *inflight_check(const void *region, uint16_t desc_num)
{
	const struct inflight_split *head = region; /* the same in both */
	uint16_t version = inflight_load(&head->version);

	if (!version)
		return NULL;
	if (version != INFLIGHT_VERSION || inflight_load(&head->features))
		return "the inflight region has another version";
	if (inflight_load(&head->desc_num) != desc_num)
		return "the inflight region has another queue size";
	return NULL;
}

bool inflight_is_used(const void *region)
{
	const struct inflight_split *head = region; /* the same in both */

	return inflight_load(&head->version);
}

/*
 * A note takes effect together with its push: it is stored in the slot that
 * does not hold the last note, and is valid if its tag is the ring's used
 * index.
 */
static uint8_t *note_slot(const struct inflight *f, unsigned int slot)
{
	struct inflight_split *split = f->region;
	struct inflight_packed *packed = f->region;

	return f->packed ? packed->note[slot] : split->desc[slot].note;
}

static bool has_notes(const struct inflight *f)
{
	return f->packed || f->desc_num >= INFLIGHT_NOTE_SLOTS;
}

static uint8_t note_tag(const struct vring *vring, uint32_t used, bool wrap)
{
	if (!vring->features.packed)
		return (uint8_t)used;
	return (uint8_t)((used & 0x7f) | (wrap ? 0x80 : 0));
}

/* The tag of the last note of a ring that is used up to @base. */
static uint8_t base_tag(const struct vring *vring, uint32_t base)
{
	if (!vring->features.packed)
		return note_tag(vring, base, false);
	return note_tag(vring, base & 0x7fff, base & 0x8000);
}

static uint32_t load_note(struct inflight *f, const struct vring *vring,
			  uint32_t base)
{
	const uint8_t tag = base_tag(vring, base);

	for (unsigned int i = 0; has_notes(f) && i < INFLIGHT_NOTE_SLOTS; i++) {
		const uint8_t *note = note_slot(f, i);

		if (inflight_load(&note[3]) != tag)
			continue;
		f->note_slot = !i;
		return inflight_load(&note[0]) |
		       (uint32_t)inflight_load(&note[1]) << 8 |
		       (uint32_t)inflight_load(&note[2]) << 16;
	}
	return 0;
}

static void store_note(struct inflight *f, uint32_t value, uint8_t tag)
{
	uint8_t *note = note_slot(f, f->note_slot);

	f->note_slot = !f->note_slot;
	for (unsigned int i = 0; i < 3; i++)
		inflight_store(&note[i], (uint8_t)(value >> 8 * i));
	/* Last: until then the slot has the tag of the push before the last. */
	inflight_store(&note[3], tag);
}

/* The tag of a note that is pushed with @chain. */
static uint8_t next_tag(const struct vring *vring, const struct chain *chain)
{
	uint32_t used = (uint32_t)vring->used_idx + chain->ring_entries;
	bool wrap = vring->used_wrap;

	if (!vring->features.packed) {
		used = vring->used_idx + 1u;
	} else if (used >= vring->size) {
		used -= vring->size;
		wrap = !wrap;
	}
	return note_tag(vring, used, wrap);
}

static void attach(struct inflight *f, const struct vring *vring, void *region,
		   uint16_t desc_num)
{
	*f = (struct inflight){
		.region = region,
		.packed = vring->features.packed,
		.desc_num = desc_num,
	};
}

/* Initialises the region. Returns where the ring is used up to. */
static uint32_t restart(struct inflight *f, const struct vring *vring,
			uint32_t base, uint32_t note)
{
	struct inflight_split *head = f->region; /* the same in both */
	uint32_t used = base >> 16;

	if (!f->packed)
		used = inflight_split_used(vring);
	/* Until all is initialised the region counts as not in use. */
	inflight_store(&head->version, 0);
	inflight_store(&head->features, 0);
	inflight_store(&head->desc_num, f->desc_num);
	if (has_notes(f)) {
		uint8_t tag = base_tag(vring, used);

		f->note_slot = 0;
		store_note(f, note, tag);
		inflight_store(&note_slot(f, 1)[3], (uint8_t)~tag);
	}
	if (f->packed)
		inflight_packed_restart(f, used);
	else
		inflight_split_restart(f, used);
	inflight_store(&head->version, INFLIGHT_VERSION);
	return used;
}

int inflight_resume(struct inflight *f, const struct vring *vring, void *region,
		    uint16_t desc_num, uint32_t *base, uint32_t *note)
{
	uint32_t used;
	int ret;

	attach(f, vring, region, desc_num);
	ret = f->packed ? inflight_packed_resume(f, vring, base)
			: inflight_split_resume(f, vring, base);
	if (ret > 0)
		*note = load_note(f, vring, *base);
	if (ret)
		return ret;
	used = restart(f, vring, *base, *note);
	*base = f->packed ? (*base & ~0xffffu) | used : used;
	return 0;
}

void inflight_restart(struct inflight *f, const struct vring *vring,
		      void *region, uint16_t desc_num, uint32_t base,
		      uint32_t note)
{
	attach(f, vring, region, desc_num);
	restart(f, vring, base, note);
}

void inflight_untrack(struct inflight *f)
{
	f->region = NULL;
}

/* The count that goes with the mark of @chain; NULL: it has none. */
static uint8_t *find_deaths(const struct inflight *f, const struct chain *chain)
{
	const uint16_t entry = f->packed ? f->entry : chain->head;
	struct inflight_split *split = f->region;
	struct inflight_packed *packed = f->region;

	if (!f->region || entry >= f->desc_num)
		return NULL;
	return f->packed ? &packed->desc[entry].deaths
			 : &split->desc[entry].deaths;
}

/* One more back end has ended while @chain ran. */
static void count_death(struct inflight *f, const struct chain *chain)
{
	uint8_t *deaths = find_deaths(f, chain);

	if (!deaths)
		return;
	f->deaths = inflight_load(deaths);
	f->deaths += f->deaths < UINT8_MAX;
	inflight_store(deaths, f->deaths);
}

/* Before the mark of @chain is taken away, as another request may get it. */
static void clear_deaths(struct inflight *f, const struct chain *chain)
{
	uint8_t *deaths = f->deaths ? find_deaths(f, chain) : NULL;

	if (deaths)
		inflight_store(deaths, 0);
	f->deaths = 0;
}

void inflight_popped(struct inflight *f, struct chain *chain)
{
	/* A request that was begun stays so when it goes back to the ring. */
	if (f->lost && !f->begun) {
		f->lost--;
		f->begun = true;
		if (f->packed && f->region)
			inflight_packed_popped(f);
		count_death(f, chain);
	}
	chain->outcome_unknown = f->begun;
	chain->deaths = f->deaths;
}

void inflight_begin(struct inflight *f, const struct vring *vring,
		    const struct chain *chain)
{
	if (f->begun)
		return;
	f->begun = true;
	if (!f->region)
		return;
	if (f->packed)
		inflight_packed_begin(f, vring, chain);
	else
		inflight_split_begin(f, chain);
	/*
	 * The mark comes before any effect. Otherwise, after a crash, a
	 * request that the chip has seen would be taken for one that was not
	 * begun, and would run twice.
	 */
	inflight_barrier();
}

void inflight_push(struct inflight *f, struct vring *vring,
		   const struct chain *chain, uint32_t len, uint32_t note)
{
	if (!f->region) {
		vring_push(vring, chain, len);
		f->begun = false;
		return;
	}
	clear_deaths(f, chain);
	if (has_notes(f))
		store_note(f, note, next_tag(vring, chain));
	if (f->packed)
		inflight_packed_push(f, vring, chain, len);
	else
		inflight_split_push(f, vring, chain, len);
	f->begun = false;
}
