/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What the guest tests share: one daemon and one guest that stay from test to
 * test, because a boot costs seconds. All of it is for use inside a cmocka
 * test: what fails here fails the test.
 */
#ifndef TESTS_GUEST_LAB_H
#define TESTS_GUEST_LAB_H

#include <stdbool.h>

#include "tests/guest/backend.h"
#include "tests/guest/guest.h"

/* The chips, by the names that the guest has for them. */
#define FLASH	"/dev/mtd0"	 /* sim:nor in a file, cs=nor */
#define ECHO	"/dev/spidev0.1" /* sim:loopback, cs=linux */
#define CHIP	"/dev/spidev0.2" /* sim:nor, cs=linux */
#define SHAPES	"/dev/spidev0.3" /* sim:nor, cs=nor */
#define CHIPS	"0:spi-nor,1:dh2228fv,2:dh2228fv,3:dh2228fv"

#define CHIP_ID "ef4014" /* of CHIP and SHAPES */

/* Time limits. A megabyte of flash is tens of thousands of requests. */
#define SHORT_S 60
#define LONG_S	600

struct lab {
	const char *missing; /* why nothing can be tested, or NULL */
	char dir[64];	     /* sockets, images, the daemon's log */
	const char *without; /* features that the daemon does not offer */
	const char *iommu;   /* the kernel's options for one, or NULL */
	struct backend *backend;
	int daemon_status;    /* of one that ended before its time */
	struct guest *guest;  /* on the first socket, shared */
	struct guest *second; /* on the second socket, of one test */
};

/* cmocka's group setup and teardown; the state is the struct lab. */
int lab_create(void **state);
int lab_create_split(void **state); /* without packed rings */
/* Behind an IOMMU that forgets what is unmapped at once, or some time later */
int lab_create_strict(void **state);
int lab_create_lazy(void **state);
int lab_destroy(void **state);

/*
 * Every test begins with this. The daemon and the shared guest run when it
 * returns, whatever the test before did to them; or the test is skipped.
 */
struct lab *lab_open(void **state);

/* Boot a guest on the second socket; lab_close_second() is the teardown. */
void lab_start_second(struct lab *lab);
int lab_close_second(void **state);

/*
 * Run a command that has to succeed. Returns the first line of its output,
 * which stays until the next call.
 */
__attribute__((format(printf, 4, 5))) const char *
lab_run(struct lab *lab, struct guest *g, int timeout_s, const char *format,
	...);

/* A driver may hide a failure by trying again; the kernel log does not. */
void lab_check_kernel_log(struct lab *lab, struct guest *g);

/*
 * Full-duplex messages without end in the background. One message is one
 * request, so that nothing but a lost or doubled request can disturb it.
 * Stopping checks that all went well.
 */
void lab_start_traffic(struct lab *lab, struct guest *g);
void lab_stop_traffic(struct lab *lab, struct guest *g);

#endif
