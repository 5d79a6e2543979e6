/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The daemon on i.MX6's SPI controller, with a GPIO as chip select. */
#include "tests/spidev/bench.h"
#include "tests/spidev/board.h"

int main(void)
{
	static const struct bench facts = {
		.device = "spi0.0",
		.id = "bf2541",
		.max_speed = 20000000,
		.bufsiz = 4096,
		.tells_release = true,
		.joins_transfers = true,
	};

	return bench_board_main(&board_sabrelite, NULL, &facts,
				bench_all_groups);
}
