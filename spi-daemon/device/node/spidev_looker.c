// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/node/spidev_looker.h"

#include <bsd/string.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spi-daemon/device/node/spidev_node.h"
#include "spi-daemon/files/helper.h"

struct question {
	uint32_t number;
	pid_t asker;	/* whom not to find */
	bool holder;	/* of the lock; else any user */
	uint64_t until; /* of the latter */
	char path[PATH_MAX];
};

struct answer {
	uint32_t number; /* of its question */
	pid_t pid;	 /* 0: nobody */
	char text[SPIDEV_PROCESS_MAX];
};

static int looker = -1; /* set before threads are made */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t last_number; /* under ->lock */

static void find(const struct question *question, struct answer *answer)
{
	if (question->holder)
		spidev_node_holder(question->path, question->asker,
				   answer->text, sizeof(answer->text));
	else
		answer->pid = spidev_node_find_user(
			question->path, question->asker, question->until,
			answer->text, sizeof(answer->text));
}

static void answer_questions(int fd)
{
	struct question question;

	while (recv(fd, &question, sizeof(question), 0) == sizeof(question)) {
		struct answer answer = { .number = question.number };

		question.path[PATH_MAX - 1] = '\0';
		find(&question, &answer);
		if (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			break;
	}
}

int spidev_looker_start(void (*confine)(const void *arg), const void *arg)
{
	const struct helper helper = {
		.name = "spi-looker",
		/* A keeper's children are those that serve. */
		.apart = true,
		.confine = confine,
		.arg = arg,
		.serve = answer_questions,
	};
	int fd = helper_start(&helper);

	if (fd < 0)
		return fd;
	spidev_looker_use(fd);
	return 0;
}

int spidev_looker_fd(void)
{
	return looker;
}

/* An answer to a process that has died may still come: no number is one of its.
 */
void spidev_looker_use(int fd)
{
	looker = fd;
	if (getrandom(&last_number, sizeof(last_number), 0) < 0)
		last_number = (uint32_t)getpid();
}

/*
 * Returns true if an answer has come. Drops those to questions whose asker was
 * interrupted.
 */
static bool ask(struct question *question, struct answer *answer)
{
	bool ok;

	pthread_mutex_lock(&lock);
	question->number = ++last_number;
	question->asker = getpid();
	ok = send(looker, question, sizeof(*question), MSG_NOSIGNAL) >= 0;
	do {
		ok = ok && recv(looker, answer, sizeof(*answer), 0) ==
				   sizeof(*answer);
	} while (ok && answer->number != question->number);
	pthread_mutex_unlock(&lock);
	return ok;
}

void spidev_looker_find_holder(const char *path, char *text, size_t size)
{
	struct question question = { .holder = true };
	struct answer answer;

	if (looker < 0) {
		spidev_node_holder(path, getpid(), text, size);
		return;
	}
	strlcpy(question.path, path, sizeof(question.path));
	strlcpy(text, ask(&question, &answer) ? answer.text : "another process",
		size);
}

pid_t spidev_looker_find_user(const char *path, uint64_t until, char *text,
			      size_t size)
{
	struct question question = { .until = until };
	struct answer answer;

	if (looker < 0)
		return spidev_node_find_user(path, getpid(), until, text, size);
	strlcpy(question.path, path, sizeof(question.path));
	if (!ask(&question, &answer) || !answer.pid)
		return 0;
	strlcpy(text, answer.text, size);
	return answer.pid;
}
