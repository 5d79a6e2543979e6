/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Preloaded into a daemon: its threads begin when there is no file of the name
 * HOLD_FILE any more.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct routine {
	void *(*run)(void *arg);
	void *arg;
};

static void *begin(void *arg)
{
	struct routine routine = *(struct routine *)arg;
	const char *file = getenv("HOLD_FILE");

	free(arg);
	while (file && !access(file, F_OK))
		usleep(1000);
	return routine.run(routine.arg);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*run)(void *), void *arg)
{
	static int (*next)(pthread_t *, const pthread_attr_t *,
			   void *(*)(void *), void *);
	struct routine *routine = malloc(sizeof(*routine));

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
	if (!routine)
		abort();
	*routine = (struct routine){ run, arg };
	return next(thread, attr, begin, routine);
}
