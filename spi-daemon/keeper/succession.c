/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/succession.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "vhost/keeper/keeper_image.h"

#define PASSED_MAX 4096

static void image_child(struct image *image, struct child *child)
{
	image_int(image, &child->pid);
	image_fd(image, &child->program.exe);
	image_fd(image, &child->program.config);
	image_text(image, &child->path);
	image_fd(image, &child->looker);
	if (child->pid <= 0 || child->program.exe < 0)
		image_reject(image);
}

static void image_passed(struct image *image, struct passed_fds *passed)
{
	uint32_t count = passed->count;

	image_u32(image, &count, PASSED_MAX);
	if (image->reads)
		passed->all = calloc(count, sizeof(*passed->all));
	if (count && !passed->all)
		image_reject(image);
	for (uint32_t i = 0; passed->all && i < count; i++) {
		struct passed_fd *fd = &passed->all[i];

		image_text(image, &fd->name);
		image_int(image, &fd->number);
		image_fd(image, &fd->fd);
		passed->count = i + 1;
	}
}

/* What was asked for and is not done yet */
static void image_pending(struct image *image, struct keeping *k)
{
	uint32_t reload = k->reload;

	image_flag(image, &k->upgrade_asked);
	image_flag(image, &k->stats_asked);
	image_flag(image, &k->stats_passed_on);
	image_u32(image, &reload, KEEPING_RELOAD_READING);
	k->reload = (enum keeping_reload)reload;
	image_u32(image, &k->reload_deaths, UINT32_MAX);
	image_fd(image, &k->reloaded);
	image_u64(image, &k->stopped_at);
	image_u64(image, &k->kill_at);
}

static void image_keeping(struct image *image, struct keeping *k, int *pid_file)
{
	image_child(image, &k->child);
	image_fd(image, pid_file);
	image_passed(image, k->launch->passed);
	image_fd(image, &k->store.in);
	image_fd(image, &k->store.out);
	image_u32(image, &k->store.number, UINT32_MAX);
	image_u32(image, &k->store.held, UINT32_MAX);
	image_pending(image, k);
	keeper_image(image, &k->keeper, KEEPER_IMAGE_ALL, clock_now());
}

/* Makes a nest with all that this keeper remembers. */
static int make_nest(struct keeping *k)
{
	struct image image;
	int ret = nest_init(&k->nest);

	if (ret)
		return ret;
	image_init(&image);
	image_keeping(&image, k, &k->launch->pid_file);
	ret = image_end(&image);
	if (!ret)
		ret = nest_put(&k->nest, &image);
	image_fini(&image);
	if (ret)
		nest_fini(&k->nest);
	return ret;
}

static void give_up(struct keeping *k, const char *why)
{
	log_warning("the keeper runs its old binary: %s", why);
	k->succession_due = false;
	nest_fini(&k->nest);
	keeper_rest(&k->keeper, false);
	life_enter(k, KEEPING_SERVING);
}

static void begin(struct keeping *k)
{
	int ret = make_nest(k);

	if (!ret)
		ret = life_begin_check(k, &k->child.program, k->nest.out);
	if (ret)
		give_up(k, strerror(-ret));
	else
		life_enter(k, KEEPING_PROBING);
}

void succession_checked(struct keeping *k, int status)
{
	char text[LIFE_CHECK_TEXT], yes;
	bool can;

	life_end_check(k, text);
	can = WIFEXITED(status) && !WEXITSTATUS(status) &&
	      recv(k->nest.in, &yes, 1, 0) == 1;
	nest_fini(&k->nest);
	/* The process that serves has ended meanwhile: it is due yet. */
	if (k->state != KEEPING_PROBING)
		return;
	if (!can) {
		give_up(k, text[0] ? text
				   : "the new one does not know how to "
				     "take its place");
		return;
	}
	keeper_rest(&k->keeper, true);
	life_enter(k, KEEPING_RESTING);
}

static void execute(struct keeping *k)
{
	struct child_legacy legacy = CHILD_NO_LEGACY;
	int ret = make_nest(k);

	legacy.config = k->child.program.config;
	legacy.image = k->nest.out;
	if (!ret)
		ret = child_become(&k->child, legacy);
	give_up(k, strerror(-ret));
}

void succession_go_on(struct keeping *k)
{
	if (k->succession_due && k->state == KEEPING_SERVING && !k->check &&
	    k->other_is == KEEPING_OTHER_NONE)
		begin(k);
	if (k->state != KEEPING_RESTING)
		return;
	if (keeper_is_at_rest(&k->keeper))
		execute(k);
	else if (clock_now() - k->since >= k->keeper.limits.hang_ns)
		give_up(k, "the serving process does not answer");
}

static void explain(int ret, char *error, size_t error_size)
{
	const char *why = ret == -EPROTONOSUPPORT ? "has another version"
			  : ret == -EBADMSG	  ? "is damaged"
						  : strerror(-ret);

	snprintf(error, error_size, "the image of the keeper: %s", why);
}

int succession_take(struct keeping *k, int nest, int *pid_file, char *error,
		    size_t error_size)
{
	struct image image;
	int ret = nest_take(nest, &image);

	close(nest);
	if (!ret) {
		image_keeping(&image, k, pid_file);
		ret = image_end(&image);
		image_fini(&image);
	}
	if (ret)
		explain(ret, error, error_size);
	return ret;
}

int succession_try(int nest, char *error, size_t error_size)
{
	const int answer = dup(nest);
	struct passed_fds passed = { NULL, 0 };
	struct launch launch = { .passed = &passed };
	struct keeping k;
	int pid_file = -1;
	int ret = life_init(&k, NULL, &launch);

	if (!ret)
		ret = succession_take(&k, nest, &pid_file, error, error_size);
	if (!ret && send(answer, "", 1, MSG_NOSIGNAL) < 0)
		ret = -errno;
	/* The sockets are those of the keeper that goes on. */
	keeper_leave(&k.keeper);
	life_fini(&k);
	if (k.child.looker >= 0)
		close(k.child.looker);
	passed_fds_fini(&passed);
	if (pid_file >= 0)
		close(pid_file);
	close(answer);
	return ret;
}
