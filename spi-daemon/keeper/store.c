/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/store.h"

#include <bsd/string.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/startup/fd_store.h"
#include "spi-daemon/system/clock.h"
#include "vhost/keeper/keeper_image.h"

static void image_stored(struct image *image, struct keeping *k)
{
	image_fd(image, &k->child.program.config);
	keeper_image(image, &k->keeper, KEEPER_IMAGE_ALONE, clock_now());
}

/*
 * Finds out which of the two @ends has an image, and takes that. It is in the
 * nest again before anything else is done. Returns 0 or a negative errno.
 */
static int take(struct keeping *k, const int ends[2], struct image *image)
{
	int ret = nest_take(ends[1], image);
	const bool swapped = ret == -ENOENT;

	if (swapped)
		ret = nest_take(ends[0], image);
	k->store = (struct nest){
		.in = ends[swapped],
		.out = ends[!swapped],
	};
	if (!ret)
		ret = nest_put(&k->store, image);
	return ret;
}

/* The front ends of a keeper that is gone have no back end. */
static void go_on(struct keeping *k)
{
	struct keeper_history *history = &k->keeper.history;

	k->died_at = clock_now();
	k->has_served = true;
	history->restarts++;
	strlcpy(history->reason, "the keeper ended", sizeof(history->reason));
	log_warning("goes on in place of a keeper that has ended");
}

static bool adopt(struct keeping *k, const int ends[2])
{
	struct image image;
	int ret = take(k, ends, &image);

	if (!ret) {
		image_stored(&image, k);
		ret = image_end(&image);
		image_fini(&image);
	}
	if (!ret)
		go_on(k);
	else if (ret != -ENOENT)
		log_error("what the service manager has kept cannot be used: "
			  "%s",
			  ret == -EPROTONOSUPPORT ? "it is of another version"
						  : strerror(-ret));
	return !ret;
}

bool store_begin(struct keeping *k)
{
	int ends[2];
	unsigned int count = passed_fds_remove(k->launch->passed,
					       PASSED_FDS_KEEPER, ends, 2);

	if (count == 2)
		return adopt(k, ends);
	while (count)
		close(ends[--count]);
	if (fd_store_may_exist() && !nest_init(&k->store)) {
		ends[0] = k->store.in;
		ends[1] = k->store.out;
		fd_store_put(ends, 2);
	}
	return false;
}

static void save(struct keeping *k)
{
	struct image image;

	image_init(&image);
	image_stored(&image, k);
	if (!image_end(&image))
		nest_put(&k->store, &image);
	image_fini(&image);
}

void store_save(struct keeping *k)
{
	if (k->store.in >= 0 && k->keeper.changed)
		save(k);
	k->keeper.changed = false;
}

void store_end(struct keeping *k)
{
	if (k->store.in < 0)
		return;
	if (!k->has_served || !fd_store_outlives_service()) {
		nest_clear(&k->store);
		return;
	}
	/* The next keeper is to read the file as it is then. */
	if (k->child.program.config >= 0)
		close(k->child.program.config);
	k->child.program.config = -1;
	save(k);
	keeper_leave(&k->keeper);
}
