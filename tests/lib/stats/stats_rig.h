/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A rig whose daemon keeps statistics in a file of its directory. Every look
 * at the file checks all of it. Metrics are named without vhost_device_spi_,
 * and with their labels: requests_total{guest="a"}.
 *
 * What goes wrong here fails the running cmocka test.
 */
#ifndef TEST_STATS_RIG_H
#define TEST_STATS_RIG_H

#include "tests/lib/daemon/config_rig.h"

#define STATS_FILE "spi.prom"

/*
 * Starts the daemon with @config, see config_write(). stats_start() waits
 * until the file is there, which is when the guests are served.
 */
void stats_spawn(struct rig *rig, const char *config);
void stats_start(struct rig *rig, const char *config);

/* Ends it, and checks that the file is gone. */
void stats_stop(struct rig *rig);

bool stats_has(struct rig *rig, const char *name);

/* The value of a metric that there is. */
double stats_value(struct rig *rig, const char *name);

/* It is @value. */
void stats_check(struct rig *rig, const char *name, double value);

/*
 * It comes to be @value: soon, for a reload has the file written; or with the
 * next tick.
 */
void stats_wait(struct rig *rig, const char *name, double value);
void stats_wait_tick(struct rig *rig, const char *name, double value);

/* It comes to be there, or not. */
void stats_wait_sample(struct rig *rig, const char *name, bool there);

#endif
