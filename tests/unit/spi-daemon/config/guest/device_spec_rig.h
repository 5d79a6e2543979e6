/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Descriptions of devices that are right, and that are not. */
#ifndef DEVICE_SPEC_RIG_H
#define DEVICE_SPEC_RIG_H

#include <errno.h>
#include <string.h>

#include "spi-daemon/config/guest/device_spec.h"
#include "tests/lib/test.h"

#define MIB (1u << 20)

static inline struct device_spec parse(const char *text)
{
	struct device_spec spec;
	char error[256] = "";

	if (device_spec_parse(text, &spec, error, sizeof(error)) != 0)
		fail_msg("%s: %s", text, error);
	assert_string_equal(error, "");
	return spec;
}

/* The keys of all devices, and of all simulated ones */
#define ALL_KEYS                                                          \
	"cs, cs-hold, cs-late, op-max, max-speed, cs-high, max-request, " \
	"max-message, exclusive, trace"
#define SIM_KEYS ALL_KEYS ", bus, timing"

struct mistake {
	const char *text;
	const char *error;
};

static inline void check_mistakes(const struct mistake *mistakes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct device_spec spec;
		char error[256] = "";

		assert_int_equal(device_spec_parse(mistakes[i].text, &spec,
						   error, sizeof(error)),
				 -EINVAL);
		assert_string_equal(error, mistakes[i].error);
		assert_null(spec.path);
		assert_null(spec.chip_file);
	}
}

#endif
