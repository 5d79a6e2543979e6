/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/image/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a string, at most */
#define TEXT_MAX 65536

void image_init(struct image *image)
{
	*image = (struct image){ .reads = false };
}

void image_fini(struct image *image)
{
	for (unsigned int i = image->fd_at; image->reads && i < image->fd_count;
	     i++)
		close(image->fds[i]);
	free(image->bytes);
	free(image->fds);
	image_init(image);
}

void image_reject(struct image *image)
{
	if (!image->error)
		image->error = -EBADMSG;
}

int image_end(struct image *image)
{
	if (image->reads &&
	    (image->at != image->size || image->fd_at != image->fd_count))
		image_reject(image);
	image->size = image->at;
	return image->error;
}

/* Makes room for @size bytes more. */
static bool grow(struct image *image, size_t size)
{
	size_t room = image->size ? image->size : 4096;
	uint8_t *bytes;

	while (room - image->at < size)
		room *= 2;
	if (room == image->size)
		return true;
	bytes = realloc(image->bytes, room);
	if (!bytes || room > IMAGE_BYTES_MAX) {
		image->bytes = bytes ? bytes : image->bytes;
		image->error = -ENOMEM;
		return false;
	}
	image->bytes = bytes;
	image->size = room;
	return true;
}

void image_data(struct image *image, void *data, size_t size)
{
	if (image->reads && size > image->size - image->at)
		image_reject(image);
	if (image->error || (!image->reads && !grow(image, size))) {
		if (image->reads)
			memset(data, 0, size);
		return;
	}
	if (image->reads)
		memcpy(data, image->bytes + image->at, size);
	else
		memcpy(image->bytes + image->at, data, size);
	image->at += size;
}

void image_u32(struct image *image, uint32_t *value, uint32_t most)
{
	image_data(image, value, sizeof(*value));
	if (*value <= most)
		return;
	image_reject(image);
	if (image->reads)
		*value = 0;
}

void image_u64(struct image *image, uint64_t *value)
{
	image_data(image, value, sizeof(*value));
}

void image_int(struct image *image, int *value)
{
	image_data(image, value, sizeof(*value));
}

void image_flag(struct image *image, bool *flag)
{
	uint32_t value = !image->reads && *flag;

	image_u32(image, &value, 1);
	*flag = value;
}

static void add_fd(struct image *image, int fd)
{
	int *fds = reallocarray(image->fds, image->fd_count + 1, sizeof(*fds));

	if (!fds || image->fd_count >= IMAGE_FDS_MAX) {
		image->fds = fds ? fds : image->fds;
		image->error = -ENOMEM;
		return;
	}
	image->fds = fds;
	image->fds[image->fd_count++] = fd;
}

void image_fd(struct image *image, int *fd)
{
	bool there = !image->reads && *fd >= 0;

	image_flag(image, &there);
	if (!image->reads) {
		if (there && !image->error)
			add_fd(image, *fd);
		return;
	}
	*fd = -1;
	if (!there)
		return;
	if (image->fd_at < image->fd_count)
		*fd = image->fds[image->fd_at++];
	else
		image_reject(image);
}

void image_text(struct image *image, char **text)
{
	bool there = !image->reads && *text;
	uint32_t len = there && !image->reads ? (uint32_t)strlen(*text) : 0;

	image_flag(image, &there);
	image_u32(image, &len, TEXT_MAX);
	if (image->reads)
		*text = there && !image->error ? calloc(1, len + 1) : NULL;
	if (!*text) {
		if (there && !image->error)
			image->error = -ENOMEM;
		return;
	}
	image_data(image, *text, len);
	if (image->reads && strlen(*text) != len)
		image_reject(image);
}

void image_name(struct image *image, char *name, size_t size)
{
	image_data(image, name, size);
	if (image->reads && memchr(name, '\0', size))
		return;
	if (image->reads)
		image_reject(image);
	name[size - 1] = '\0';
}
