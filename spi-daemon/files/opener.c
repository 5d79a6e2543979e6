// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/files/opener.h"

#include <bsd/string.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "spi-daemon/files/helper.h"
#include "spi-daemon/system/log.h"
#include "vhost/wire/pass_fd.h"

/* Behind it are ->path and ->to of the call, each with its NUL. */
struct question {
	uint32_t number;
	enum file_op op;
	int flags;
	mode_t mode;
	uint32_t text_size; /* of the call */
};

/* Behind it is ->text of the call, if that has room for one. */
struct answer {
	uint32_t number; /* of its question */
	int ret;
	union file_value value;
};

/* Set before threads are made: */
static struct opener opener;
static int channel = -1; /* to the process; -1: there is none */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t last_number; /* under ->lock */
static atomic_bool is_lost;

static pid_t asker; /* known to the process */

/* Those whose result is a descriptor */
static bool opens(enum file_op op)
{
	return op == FILE_OPEN || op == FILE_TEMP || op == FILE_CONNECT;
}

static int run(struct file_call *call)
{
	return opener.admits(call) ? file_call_run(call) : -EACCES;
}

/* Returns the string behind @text, or NULL if there is none before @end. */
static const char *string_after(const char *text, const char *end)
{
	const char *nul = memchr(text, '\0', (size_t)(end - text));

	return nul && nul + 1 < end ? nul + 1 : NULL;
}

/* What is behind a question, in the process; and behind an answer, in both. */
static char asked[2 * PATH_MAX];
static char told[PATH_MAX]; /* in the one that asks, under ->lock */

static int answer_question(int sock, const struct question *question,
			   size_t len)
{
	struct file_call call = {
		.op = question->op,
		.flags = question->flags,
		.mode = question->mode,
		.path = asked,
		.to = string_after(asked, asked + len),
		.text = told,
		.text_size = question->text_size < sizeof(told)
				     ? question->text_size
				     : sizeof(told),
	};
	struct answer answer = { .number = question->number };
	struct iovec parts[] = { { &answer, sizeof(answer) }, { told, 0 } };
	int ret;

	told[0] = '\0';
	answer.ret = run(&call);
	answer.value = call.value;
	parts[1].iov_len = call.text_size ? strlen(told) + 1 : 0;
	if (!opens(call.op) || answer.ret < 0)
		return vhost_pass_parts(sock, parts, 2, -1);
	ret = vhost_pass_parts(sock, parts, 2, answer.ret);
	close(answer.ret);
	return ret;
}

static void answer_questions(int sock)
{
	int ret = 0;

	log_open_syslog_of(asker);
	while (!ret) {
		struct question question;
		struct iovec parts[] = { { &question, sizeof(question) },
					 { asked, sizeof(asked) } };
		const size_t head = sizeof(question);
		int fd;
		ssize_t len = vhost_receive_parts(sock, parts, 2, &fd);

		if (len <= (ssize_t)head || asked[len - (ssize_t)head - 1])
			return;
		if (fd >= 0)
			close(fd);
		ret = answer_question(sock, &question, (size_t)len - head);
	}
}

int opener_start(const struct opener *o)
{
	const struct helper helper = {
		.name = "spi-opener",
		.confine = o->confine,
		.arg = o->arg,
		.serve = answer_questions,
	};
	int fd;

	opener = *o;
	asker = getpid();
	fd = helper_start(&helper);
	if (fd < 0)
		return fd;
	channel = fd;
	return 0;
}

static int tell(const struct question *question, const struct file_call *call)
{
	const struct iovec parts[] = {
		{ (void *)(uintptr_t)question, sizeof(*question) },
		{ (void *)(uintptr_t)call->path, strlen(call->path) + 1 },
		{ (void *)(uintptr_t)call->to,
		  call->to ? strlen(call->to) + 1 : 0 },
	};

	return vhost_pass_parts(channel, parts, 3, -1);
}

/*
 * Takes @answer, and the descriptor @fd that came with it; -1: none. Returns
 * what the call returns.
 */
static int take_answer(struct file_call *call, const struct answer *answer,
		       int fd)
{
	call->value = answer->value;
	if (call->text_size)
		strlcpy(call->text, told, call->text_size);
	if (!opens(call->op) || answer->ret < 0)
		return answer->ret;
	/* This process may have no room for one. */
	return fd < 0 ? -EMFILE : fd;
}

/*
 * Waits for the answer to question @number, whose result it stores. Drops those
 * to questions whose asker was interrupted.
 */
static int hear(uint32_t number, struct file_call *call, int *result)
{
	struct answer answer;
	const struct iovec parts[] = { { &answer, sizeof(answer) },
				       { told, sizeof(told) } };

	for (;;) {
		int fd;
		ssize_t len = vhost_receive_parts(channel, parts, 2, &fd);

		if (len < 0)
			return (int)len;
		if (answer.number == number) {
			*result = take_answer(call, &answer, fd);
			return 0;
		}
		if (fd >= 0)
			close(fd);
	}
}

int opener_ask(struct file_call *call)
{
	struct question question = {
		.op = call->op,
		.flags = call->flags,
		.mode = call->mode,
		.text_size = (uint32_t)call->text_size,
	};
	int ret, result = 0;

	if (channel < 0)
		return file_call_run(call);
	if (strlen(call->path) >= PATH_MAX ||
	    (call->to && strlen(call->to) >= PATH_MAX))
		return -ENAMETOOLONG;
	pthread_mutex_lock(&lock);
	question.number = ++last_number;
	ret = tell(&question, call);
	if (!ret)
		ret = hear(question.number, call, &result);
	pthread_mutex_unlock(&lock);
	if ((ret == -EPIPE || ret == -ECONNRESET) &&
	    !atomic_exchange(&is_lost, true))
		opener.lost();
	return ret ? ret : result;
}
