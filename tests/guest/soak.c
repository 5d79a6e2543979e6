// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/guest/soak.h"

#include <stdio.h>

static unsigned long over(const struct soak_counts *c)
{
	return c->done + c->failed + c->wrong;
}

static void show_output(const struct soak *s)
{
	char out[2048];

	if (!guest_run(s->guest, out, sizeof(out), SHORT_S, "cat /run/%s.log",
		       s->name))
		fprintf(stderr, "output of %s:\n%s", s->name, out);
}

void soak_read(struct soak *s)
{
	struct soak_counts *c = &s->counts;
	const char *line =
		lab_run(s->lab, s->guest, SHORT_S, "cat /run/%s", s->name);

	if (sscanf(line, "%lu %lu %lu", &c->done, &c->failed, &c->wrong) != 3)
		lab_fail(s->lab, s->guest, "%s: no counts in \"%s\"", s->name,
			 line);
	if (!c->wrong)
		return;
	show_output(s);
	lab_fail(s->lab, s->guest, "%s: wrong bytes in %lu of %lu operations",
		 s->name, c->wrong, over(c));
}

void soak_check_progress(struct soak *s)
{
	unsigned long before = over(&s->counts);
	int status = guest_run(s->guest, NULL, 0, 2 * SHORT_S,
			       "for i in $(seq %d); do "
			       "set -- $(cat /run/%s); "
			       "[ $(($1 + $2 + $3)) -gt %lu ] && exit 0; "
			       "sleep 0.1; done; exit 1",
			       SHORT_S * 10, s->name, before);

	if (status) {
		show_output(s);
		lab_fail(s->lab, s->guest, "%s stands still after %lu (%d)",
			 s->name, before, status);
	}
	soak_read(s);
}

void soak_start(struct soak *s, struct lab *lab, struct guest *g,
		const char *name, const char *command, const char *device,
		const char *args)
{
	*s = (struct soak){ .lab = lab, .guest = g, .name = name };
	lab_run(lab, g, SHORT_S,
		"cd /run; [ ! -e %s.pid ] || kill $(cat %s.pid) 2>/dev/null; "
		"rm -f %s.status; echo 0 0 0 > %s; "
		"(guest-spi %s %s %s %s & echo $! > %s.pid; wait $!; "
		"echo $? > %s.status) > %s.log 2>&1 &",
		name, name, name, name, command, device, name, args, name, name,
		name);
	soak_check_progress(s);
}

void soak_wait(struct soak *s, int timeout_s)
{
	lab_run(s->lab, s->guest, timeout_s,
		"while [ ! -e /run/%s.status ]; do sleep 0.1; done", s->name);
	soak_read(s);
}

void soak_stop(struct soak *s)
{
	lab_run(s->lab, s->guest, SHORT_S, "kill $(cat /run/%s.pid)", s->name);
	soak_wait(s, SHORT_S);
}

void soak_show(int events, const char *what, const struct soak *a,
	       const struct soak *b)
{
	print_message("%d %s: %s %lu done, %lu failed; "
		      "%s %lu done, %lu failed\n",
		      events, what, a->name, a->counts.done, a->counts.failed,
		      b->name, b->counts.done, b->counts.failed);
}
