/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The daemon on the spidev of a virtio SPI controller. */
#include "tests/spidev/nested.h"

int main(void)
{
	static const struct bench_group groups[] = {
		{ flash_cases, &flash_case_count },
		{ field_cases, &field_case_count },
		{ piece_cases, &piece_case_count },
		{ NULL, NULL },
	};

	return bench_run_groups("virtio", groups, nested_setup,
				nested_teardown);
}
