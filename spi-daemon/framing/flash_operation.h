/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How guests share a flash chip: from the first to the last message of an
 * operation the chip is one guest's. The caller owns the chip's bus.
 */
#ifndef FLASH_OPERATION_H
#define FLASH_OPERATION_H

#include "spi-daemon/bus/controller.h"
#include "spi-daemon/framing/table/cs_table.h"
#include "spi-daemon/system/guest_log.h"

enum flash_admission {
	FLASH_ADMITTED,
	FLASH_WAITS,  /* another guest's operation goes on */
	FLASH_YIELDS, /* the guest's own is over: others go first */
	FLASH_LOST,   /* another guest had the chip; what was in it is gone */
};

/* A message that is about to begin. */
struct flash_message {
	struct chip *chip;
	const struct cs_command *op; /* NULL: no table knows it */
	const struct spi_head *head; /* of its first request */
	uint64_t guest;		     /* a number, other than all others' */
};

/*
 * Tells whether the message may begin at @now (monotonic ns). If it has to
 * wait, stores in @until when to ask again. An operation of another guest that
 * does not go on ends: after cs-hold without a message of its guest, and, if
 * the chip works, when it says that it is ready, for which it is asked here, or
 * at op-max. A write enable that was lost in this way is sent again.
 */
enum flash_admission flash_operation_admit(const struct flash_message *message,
					   struct guest_log *log, uint64_t now,
					   uint64_t *until);

/*
 * The message is done. @header are its first two bytes, @answer is the last
 * byte received, if that is of EFFECT_STATUS. Returns true if the operation is
 * over: other guests need not wait any more.
 */
bool flash_operation_done(const struct flash_message *message,
			  const uint8_t header[2], uint8_t answer,
			  uint64_t now);

#endif
