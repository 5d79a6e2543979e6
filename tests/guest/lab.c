// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/guest/lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/skip.h"

static void start_backend(struct lab *lab)
{
	char flash[128];
	const char *devices[] = {
		flash,
		"sim:loopback,cs=linux,cs-hold=10000",
		"sim:nor,size=1M,id=" CHIP_ID ",cs=linux,cs-hold=10000",
		"sim:nor,size=1M,id=" CHIP_ID ",cs=nor,cs-hold=10000",
		NULL,
	};

	snprintf(flash, sizeof(flash),
		 "sim:nor,size=16M,file=%s/nor.img,cs=nor,cs-hold=10000",
		 lab->dir);
	lab->backend = backend_start(lab->dir, 2, devices, lab->without);
	assert_non_null(lab->backend);
}

static struct guest *start_guest(struct lab *lab, const char *name,
				 unsigned int socket, const char *chips)
{
	struct guest_config config = {
		.name = name,
		.sockets = { backend_socket(lab->backend, socket) },
		.chips = chips,
		.iommu = lab->iommu,
	};
	struct guest *g = guest_start(&config);

	if (!g)
		backend_show_log(lab->backend);
	assert_non_null(g);
	return g;
}

struct lab *lab_open(void **state)
{
	struct lab *lab = *state;

	if (lab->missing) {
		skip_because("%s", lab->missing);
	}
	if (lab->backend && !backend_is_running(lab->backend)) {
		lab->daemon_status = backend_stop(lab->backend);
		lab->backend = NULL;
	}
	if (lab->guest && (!lab->backend || !guest_is_running(lab->guest))) {
		guest_stop(lab->guest);
		lab->guest = NULL;
	}
	if (!lab->backend)
		start_backend(lab);
	if (!lab->guest)
		lab->guest = start_guest(lab, "first", 0, CHIPS);
	return lab;
}

void lab_start_second(struct lab *lab)
{
	lab->second = start_guest(lab, "second", 1, "1:dh2228fv");
}

int lab_close_second(void **state)
{
	struct lab *lab = *state;

	guest_stop(lab->second);
	lab->second = NULL;
	return 0;
}

/* It may hang, or have lost its devices: the next test gets a new one. */
static void drop_guest(struct lab *lab, struct guest *g)
{
	if (g == lab->guest)
		lab->guest = NULL;
	if (g == lab->second)
		lab->second = NULL;
	guest_stop(g);
}

const char *lab_run(struct lab *lab, struct guest *g, int timeout_s,
		    const char *format, ...)
{
	static char out[8192];
	char command[2048];
	va_list ap;
	int status;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	status = guest_run(g, out, sizeof(out), timeout_s, "%s", command);
	if (status) {
		guest_show_logs(g);
		backend_show_log(lab->backend);
		drop_guest(lab, g);
		fail_msg("%s: status %d\n%s", command, status, out);
	}
	out[strcspn(out, "\n")] = '\0';
	return out;
}

void lab_check_kernel_log(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		"! dmesg | grep -E 'BUG:|Oops|blocked for more than|"
		"transfer failed|transfer timed out|spi-nor.*error'");
}

void lab_start_traffic(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		"rm -f /run/stop /run/result /run/count; "
		"(n=0; while [ ! -e /run/stop ]; do "
		"guest-spi duplex " ECHO
		" 20000 $n || { echo bad >/run/result; "
		"exit; }; n=$((n+1)); echo $n >/run/count; done; "
		"echo good >/run/result) >/run/traffic.log 2>&1 &");
	lab_run(lab, g, SHORT_S,
		"while [ ! -s /run/count -a ! -e /run/result ]; do "
		"sleep 0.1; done");
}

void lab_stop_traffic(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		"touch /run/stop; while [ ! -e /run/result ]; do sleep 0.1; done; "
		"cat /run/traffic.log; grep -q good /run/result");
}

int lab_create(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	if (!lab || process_make_dir(lab->dir, sizeof(lab->dir)) < 0)
		return -1;
	if (!guest_kit_is_ready())
		lab->missing = "no guest kit; run tests/guest/kit.sh";
	else if (access(backend_program(), X_OK) != 0)
		lab->missing = "the daemon is not built";
	*state = lab;
	return 0;
}

int lab_create_split(void **state)
{
	int ret = lab_create(state);

	if (!ret)
		((struct lab *)*state)->without = "ring-packed";
	return ret;
}

int lab_create_strict(void **state)
{
	int ret = lab_create(state);

	if (!ret)
		((struct lab *)*state)->iommu =
			"intel_iommu=on iommu.strict=1 iommu.passthrough=0";
	return ret;
}

int lab_create_lazy(void **state)
{
	int ret = lab_create_split(state);

	if (!ret)
		((struct lab *)*state)->iommu =
			"intel_iommu=on iommu.strict=0 iommu.passthrough=0";
	return ret;
}

int lab_destroy(void **state)
{
	struct lab *lab = *state;
	int status;

	guest_stop(lab->second);
	guest_stop(lab->guest);
	/* Also the last check of the daemon: it ends well. */
	status = backend_stop(lab->backend);
	if (!status)
		status = lab->daemon_status;
	process_remove_dir(lab->dir);
	free(lab);
	if (status)
		print_error("the daemon ended with status %d\n", status);
	return status ? -1 : 0;
}
