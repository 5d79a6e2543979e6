/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A keeper may have the ring stopped for an upgrade, while the guest runs.
 * A chip that is held then would be released in the middle of a message. So the
 * message that stops the ring is read when the chip is not held any more, or
 * cs-hold after the guest's last request.
 */
#ifndef GUEST_FINISH_H
#define GUEST_FINISH_H

#include <stdbool.h>

#include "spi-daemon/guest/guest_worker.h"

/*
 * The front end has sent something. Returns true if that is to be read later:
 * w->reads.until says when.
 */
bool guest_finish_first(struct guest_worker *w);

/*
 * Returns true if the guest's message is over that was to be finished first.
 * The front end can be served then.
 */
bool guest_finish_is_over(struct guest_worker *w);

#endif
