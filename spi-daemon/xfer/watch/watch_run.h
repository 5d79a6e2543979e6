/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer --watch */
#ifndef WATCH_RUN_H
#define WATCH_RUN_H

/*
 * Shows what the daemon's statistics file at @path says, once per second: a
 * screen on a terminal, else a block of lines. Ends at SIGINT, SIGTERM, or a q
 * that is typed. Returns an enum xfer_exit.
 */
int watch_run(const char *path);

#endif
