/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/startup/fd_store.h"

#include <stdlib.h>

#include "spi-daemon/startup/fds/passed_fds.h"
#include "spi-daemon/startup/notify.h"

bool fd_store_may_exist(void)
{
	const char *manager = getenv("NOTIFY_SOCKET");

	return manager && *manager;
}

bool fd_store_outlives_service(void)
{
	const char *most = getenv("FDSTORE");

	return most && atoi(most) > 0;
}

void fd_store_put(const int *fds, unsigned int count)
{
	/* The store must not drop one that the other end of has gone. */
	notify_send("FDSTORE=1\nFDNAME=" PASSED_FDS_KEEPER "\nFDPOLL=0\n", fds,
		    count);
}
