/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vhost/wire/pass_fd.h"

static struct keeper_ask make(enum keeper_question question)
{
	return (struct keeper_ask){
		.version = KEEPER_LINK_VERSION,
		.question = question,
	};
}

static int set_path(struct keeper_ask *ask, const char *path)
{
	if (strlen(path) >= sizeof(ask->path))
		return -ENAMETOOLONG;
	strcpy(ask->path, path);
	return 0;
}

/* Asks, and waits for the answer. Closes the answer's descriptor if @fd is
 * NULL. */
static int ask_keeper(int link, const struct keeper_ask *ask,
		      struct keeper_answer *answer, int *fd)
{
	int unwanted = -1;
	int ret = vhost_pass_fd(link, ask, sizeof(*ask), -1);

	if (!fd)
		fd = &unwanted;
	if (!ret)
		ret = vhost_receive_fd(link, answer, sizeof(*answer), fd);
	if (!ret)
		ret = answer->ret;
	if (unwanted >= 0)
		close(unwanted);
	return ret;
}

int keeper_link_check(int link, enum vhost_origin origin, const char *path)
{
	struct keeper_ask ask = make(KEEPER_CHECK);
	struct keeper_answer answer;
	int ret = set_path(&ask, path);

	ask.origin = origin;
	return ret ? ret : ask_keeper(link, &ask, &answer, NULL);
}

int keeper_link_listen(int link, struct vhost_listener *listener,
		       const char *name, enum vhost_origin origin,
		       const char *path, const struct vhost_access *access,
		       uint64_t hidden)
{
	struct keeper_ask ask = make(KEEPER_LISTEN);
	struct keeper_answer answer;
	int ret = set_path(&ask, path);

	if (ret)
		return ret;
	snprintf(ask.name, sizeof(ask.name), "%s", name);
	ask.origin = origin;
	ask.mode = access->mode;
	ask.group = access->group;
	ask.peer_uid = access->peers.uid;
	ask.peer_gid = access->peers.gid;
	ask.hidden = hidden;
	*listener = (struct vhost_listener){
		.kind = VHOST_PASSED,
		.fd = -1,
		.peers = access->peers,
	};
	listener->path = strdup(path);
	if (!listener->path)
		return -ENOMEM;
	ret = ask_keeper(link, &ask, &answer, &listener->fd);
	if (!ret && listener->fd < 0)
		ret = -EMFILE;
	if (ret)
		free(listener->path);
	return ret;
}

int keeper_link_alias(int link, const char *path, const char *alias)
{
	struct keeper_ask ask = make(KEEPER_ALIAS);
	struct keeper_answer answer;
	int ret = set_path(&ask, path);

	ask.size = alias ? strlen(alias) : 0;
	return ret ? ret : ask_keeper(link, &ask, &answer, NULL);
}

int keeper_link_reloading(int link, int *copy)
{
	const struct keeper_ask ask = make(KEEPER_RELOADING);
	struct keeper_answer answer;

	*copy = -1;
	return ask_keeper(link, &ask, &answer, copy);
}

static int report(int link, enum keeper_question question, const char *status)
{
	struct keeper_ask ask = make(question);
	struct keeper_answer answer;

	snprintf(ask.path, sizeof(ask.path), "%s", status);
	return ask_keeper(link, &ask, &answer, NULL);
}

int keeper_link_ready(int link, const char *status)
{
	return report(link, KEEPER_IS_READY, status);
}

int keeper_link_refuses(int link, const char *status)
{
	return report(link, KEEPER_REFUSES, status);
}

int keeper_link_told(int link)
{
	return report(link, KEEPER_TOLD, "");
}

int keeper_link_history(int link, struct keeper_history *history)
{
	const struct keeper_ask ask = make(KEEPER_HISTORY);
	struct keeper_answer answer;
	int ret = ask_keeper(link, &ask, &answer, NULL);

	if (!ret)
		*history = answer.history;
	return ret;
}

int keeper_link_memory(int link, const char *name, uint64_t size)
{
	struct keeper_ask ask = make(KEEPER_MEMORY);
	struct keeper_answer answer;
	int fd = -1;
	int ret = set_path(&ask, name);

	ask.size = size;
	if (!ret)
		ret = ask_keeper(link, &ask, &answer, &fd);
	if (!ret && fd < 0)
		ret = -EMFILE;
	return ret ? ret : fd;
}
