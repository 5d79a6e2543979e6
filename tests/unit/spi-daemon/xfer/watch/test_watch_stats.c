/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/watch/watch_stats.h"

#include <string.h>

#include "spi-daemon/xfer/watch/watch_metric.h"
#include "tests/lib/test.h"

static const char file_text[] =
	"# TYPE vhost_device_spi_build_info gauge\n"
	"vhost_device_spi_build_info{version=\"0.1.0\"} 1\n"
	"vhost_device_spi_start_time_seconds 1795982460\n"
	"vhost_device_spi_guest_state{guest=\"a\",state=\"connected\"} 0\n"
	"vhost_device_spi_guest_state{guest=\"a\",state=\"running\"} 1\n"
	"vhost_device_spi_guest_state{guest=\"b\",state=\"connected\"} 1\n"
	"vhost_device_spi_guest_requests_total{guest=\"a\"} 120\n"
	"vhost_device_spi_guest_requests_total{guest=\"b\"} 7\n"
	"vhost_device_spi_guest_request_errors_total{guest=\"a\",cause=\"x\"} 2\n"
	"vhost_device_spi_guest_request_errors_total{guest=\"a\",cause=\"y\"} 3\n"
	"vhost_device_spi_guest_bus_holding_seconds{guest=\"a\"} 0.25\n"
	"vhost_device_spi_guest_device_bus_seconds_total{guest=\"a\","
	"device=\"/dev/spidev0.0\",bus=\"spi0\"} 1.5\n"
	"vhost_device_spi_guest_device_bus_seconds_total{guest=\"a\","
	"device=\"/dev/spidev0.1\",bus=\"spi0\"} 2\n"
	"vhost_device_spi_bus_waiting_guests{bus=\"spi0\"} 1\n"
	"vhost_device_spi_bus_waiting_guests{bus=\"sim:nor (own)\"} 0\n"
	"other_metric{guest=\"c\"} 1\n"
	"garbage\n"
	"vhost_device_spi_guest_requests_total{guest=\"d\n";

static int read_text(struct watch_stats *stats, const char *text)
{
	char copy[4096];
	FILE *file;
	int err;

	strcpy(copy, text);
	file = fmemopen(copy, strlen(copy), "r");
	assert_non_null(file);
	err = watch_stats_read(stats, file);
	fclose(file);
	return err;
}

TEST(file_is_read)
{
	struct watch_stats stats;
	const struct watch_guest *guest;

	assert_int_equal(read_text(&stats, file_text), 0);
	assert_string_equal(stats.version, "0.1.0");
	assert_int_equal(stats.guest_count, 2);
	assert_int_equal(stats.bus_count, 2);
	guest = watch_stats_guest(&stats, "a");
	assert_non_null(guest);
	assert_string_equal(guest->state, "running");
	assert_int_equal(guest->requests, 120);
	assert_int_equal(guest->errors, 5);
	assert_int_equal(guest->holding * 100, 25);
	guest = watch_stats_guest(&stats, "b");
	assert_non_null(guest);
	assert_string_equal(guest->state, "connected");
	assert_null(watch_stats_guest(&stats, "c"));
	assert_int_equal(watch_stats_share(&stats, "a", "spi0") * 10, 35);
	assert_int_equal(watch_stats_share(&stats, "b", "spi0"), 0);
	assert_int_equal(stats.buses[0].waiting, 1);
	watch_stats_free(&stats);
}

TEST(labels_may_have_any_character)
{
	char line[] = "m{a=\"x\\\"y\\\\}\\n,\",b=\"}\"} -1.5e3 99\n";
	struct watch_metric metric;

	assert_true(watch_metric_parse(line, &metric));
	assert_string_equal(metric.name, "m");
	assert_string_equal(watch_metric_label(&metric, "a"), "x\"y\\}\n,");
	assert_string_equal(watch_metric_label(&metric, "b"), "}");
	assert_string_equal(watch_metric_label(&metric, "c"), "");
	assert_true(metric.value == -1500);
}

TEST(lines_that_are_no_metric_are_left_out)
{
	static const char *const lines[] = {
		"",
		"\n",
		"# HELP m",
		"m",
		"m\n",
		"m{",
		"m{a",
		"m{a=",
		"m{a=\"",
		"m{a=\"x",
		"m{a=\"x\"",
		"m{a=\"x\"}",
		"m{a=\"x\"} x",
		"m{a=\"\\",
		"m{a=x} 1",
		"{} 1",
		" 1",
	};
	struct watch_metric metric;

	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char line[64];

		strcpy(line, lines[i]);
		assert_false(watch_metric_parse(line, &metric));
	}
}

TEST_MAIN(NULL, NULL)
