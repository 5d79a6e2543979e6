/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/device/spidev_watch.h"

#include "spi-daemon/device/node/spidev_looker.h"
#include "spi-daemon/device/node/spidev_node.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"

/* How often a guest that fails can have processes looked at, and for how long
 */
#define SCAN_NS	    (10 * NS_PER_S)
#define SCAN_MAX_NS (20 * NS_PER_MS)

#define TELL_NS	    (60 * NS_PER_S)

/*
 * Between two values of clock_tick(), ns. If it is less, then less than
 * SPIDEV_WATCH_NS have passed, however long a tick is: the second value is late
 * by less than one.
 */
#define DUE_NS (6 * NS_PER_MS)

bool spidev_watch_always(const struct spidev_watch *watch)
{
	return watch->shared || watch->company;
}

bool spidev_watch_is_due(struct spidev_watch *watch)
{
	uint64_t now;

	if (spidev_watch_always(watch))
		return true;
	now = clock_tick();
	if (now - watch->looked_at < DUE_NS)
		return false;
	watch->looked_at = now;
	return true;
}

void spidev_watch_changed(struct spidev_watch *watch, uint64_t now,
			  uint32_t mode, uint32_t wanted)
{
	const bool expected = spidev_watch_always(watch);

	watch->company = true;
	if (watch->told_at && now - watch->told_at < TELL_NS) {
		watch->untold++;
		return;
	}
	if (watch->untold)
		log_warning("%s: settings were changed %u more times",
			    watch->path, watch->untold);
	if (mode == wanted)
		log_warning("%s: another program changed the word size or the "
			    "clock in the middle of a message",
			    watch->path);
	else
		log_warning("%s: another program changed the mode to 0x%x, and "
			    "guests need 0x%x%s",
			    watch->path, mode, wanted,
			    expected ? ""
				     : "; what they have sent and received "
				       "since then may be wrong");
	watch->told_at = now;
	watch->untold = 0;
}

void spidev_watch_scan(struct spidev_watch *watch, uint64_t max_ns)
{
	char who[SPIDEV_PROCESS_MAX];

	if (spidev_watch_always(watch) ||
	    !spidev_looker_find_user(watch->path, clock_now() + max_ns, who,
				     sizeof(who)))
		return;
	watch->company = true;
	log_warning("%s: %s has it open too, and can disturb guests; see "
		    "host-shared= in vhost-device-spi(8)",
		    watch->path, who);
}

void spidev_watch_failed(struct spidev_watch *watch, uint64_t now)
{
	if (watch->scanned_at && now - watch->scanned_at < SCAN_NS)
		return;
	watch->scanned_at = now;
	spidev_watch_scan(watch, SCAN_MAX_NS);
}
