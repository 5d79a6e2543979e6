/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The daemon on SiFive's SPI controller, with a chip select of its own. */
#include "tests/spidev/bench.h"
#include "tests/spidev/board.h"

int main(void)
{
	static const struct bench facts = {
		.device = "spi0.0",
		.id = "9d7019",
		.max_speed = 50000000,
		.bufsiz = 4096,
		.tells_release = true,
		.joins_transfers = true,
	};

	return bench_board_main(&board_sifive_u, NULL, &facts,
				bench_all_groups);
}
