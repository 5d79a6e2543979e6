/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Pieces of long transfers, with a bufsiz that is no round number. */
#include "tests/spidev/bench.h"
#include "tests/spidev/board.h"

int main(void)
{
	static const struct bench facts = {
		.device = "spi0.0",
		.id = "9d7019",
		.max_speed = 50000000,
		.bufsiz = 1000,
	};
	static const struct bench_group groups[] = {
		{ piece_cases, &piece_case_count },
		{ NULL, NULL },
	};

	return bench_board_main(&board_sifive_u, "spidev.bufsiz=1000", &facts,
				groups);
}
