/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "vhost/keeper/link.h"

static struct {
	int link;
	struct keeper_ask ask;
} report = {
	.link = -1,
	.ask = { .version = KEEPER_LINK_VERSION, .question = KEEPER_FAULT },
};

static _Thread_local const char *served;

static void send_report(void)
{
	ssize_t ret;

	if (served && strlen(served) < sizeof(report.ask.path))
		strcpy(report.ask.path, served);
	ret = write(report.link, &report.ask, sizeof(report.ask));
	(void)ret; /* the keeper is gone */
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	const int saved_errno = errno;
	const bool repeats = info->si_code > 0;

	(void)context;
	/* abort(3) sends its signal itself. */
	if (repeats || info->si_pid == getpid())
		send_report();
	signal(sig, SIG_DFL);
	if (!repeats)
		raise(sig);
	errno = saved_errno;
}

int keeper_fault_watch(int link)
{
	static const int signals[] = { SIGSEGV, SIGBUS,	 SIGILL, SIGFPE,
				       SIGTRAP, SIGABRT, SIGSYS };
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO,
	};

	report.link = fcntl(link, F_DUPFD_CLOEXEC, 0);
	if (report.link < 0)
		return -errno;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], &action, NULL) < 0)
			return -errno;
	return 0;
}

void keeper_fault_serve(const char *path)
{
	served = path;
}
