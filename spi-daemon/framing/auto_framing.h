/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * cs=auto: how a chip is framed is told from what its guest sends and what the
 * chip answers. Nothing is sent to find out. It begins as cs=linux.
 *
 * NOR, a table: the very first message of a driver is 9Fh alone, then 3 to 6
 * bytes received, with cs_change=0, and they begin with a maker of such chips.
 * Or, at any time and whatever they begin with, 5Ah alone follows: the driver
 * reads SFDP.
 *
 * AT45, a table: the same first message, and the id is that of a DataFlash.
 *
 * NAND, a table: the driver begins as Linux's spi-nand, with a reset and a look
 * at the status, torn as cs=linux does.
 *
 * TPM: the driver begins with the header of an access to one, and says in
 * cs_change that it goes on. It does so as Linux does, or as SPEC.
 *
 * All this holds while the guest does: one that wakes up does not ask again.
 *
 * SPEC: all requests had cs_change=1 so far, but those that only sent, and the
 * next one, which only receives, has 1 again; if the driver begins with one
 * that has 0 then it has to be the only one. Under Linux that 1 would mean that
 * the chip stays selected behind the message. A driver that begins anew is
 * framed as linux until it sends 1 again.
 */
#ifndef AUTO_FRAMING_H
#define AUTO_FRAMING_H

#include "spi-daemon/bus/controller.h"
#include "spi-daemon/framing/chip_select.h"

/*
 * Looks at @request, which has no framing yet. Returns true if it shows what
 * was not known before; chip_framing() then has it from this request on, which
 * begins a message. Without cs=auto this does nothing.
 */
bool auto_framing_look(struct chip *chip, const struct cs_request *request);

/*
 * Notes that @request was done, or kept. @before is the message that it joined,
 * as it was before the request, or closed. @id has the first bytes received, 0
 * where there are none. Returns true if this shows what was not known before;
 * chip_framing() then has it from the next request on, which begins a message.
 * Without cs=auto this does nothing.
 */
bool auto_framing_note(struct chip *chip, const struct cs_request *request,
		       const struct chip_select *before, const uint8_t id[3]);

#endif
