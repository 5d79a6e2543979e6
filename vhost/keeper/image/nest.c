/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/image/nest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Descriptors of a message: SCM_MAX_FD of the kernel */
#define FDS_MAX 253

#define MAGIC	0x74736e652d697073ull

/*
 * An image is one or more of these, with descriptors. The first one of the
 * first is a file with the bytes.
 */
struct header {
	uint64_t magic;
	uint32_t version;
	uint32_t number; /* of the image */
	uint32_t part;	 /* of the image, from 0 */
	uint32_t fds;	 /* of the image, without the file */
	uint64_t size;	 /* of the file, bytes */
	uint64_t sum;	 /* of the bytes */
};

union control {
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct cmsghdr head;
};

int nest_init(struct nest *nest)
{
	int ends[2];

	*nest = (struct nest){ .in = -1, .out = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, ends) < 0)
		return -errno;
	nest->in = ends[0];
	nest->out = ends[1];
	return 0;
}

void nest_fini(struct nest *nest)
{
	if (nest->in >= 0)
		close(nest->in);
	if (nest->out >= 0)
		close(nest->out);
	*nest = (struct nest){ .in = -1, .out = -1 };
}

/* FNV-1a */
static uint64_t sum_of(const uint8_t *bytes, size_t size)
{
	uint64_t sum = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * 0x100000001b3ull;
	return sum;
}

static int make_file(const struct image *image)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < image->size;) {
		ssize_t n = write(fd, image->bytes + at, image->size - at);

		if (n <= 0) {
			close(fd);
			return n < 0 ? -errno : -EIO;
		}
		at += (size_t)n;
	}
	return fd;
}

static int send_part(int in, const struct header *header, const int *fds,
		     unsigned int count)
{
	union control control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)header, sizeof(*header) };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};

	control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
	return sendmsg(in, &hdr, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Returns how many messages were sent, and in @error why no more. */
static unsigned int send_all(struct nest *nest, const struct image *image,
			     int file, int *error)
{
	struct header header = {
		.magic = MAGIC,
		.version = IMAGE_VERSION,
		.number = nest->number + 1,
		.fds = image->fd_count,
		.size = image->size,
		.sum = sum_of(image->bytes, image->size),
	};
	int fds[FDS_MAX] = { file };
	unsigned int count = 1;

	for (unsigned int at = 0; !header.part || at < image->fd_count;) {
		while (count < FDS_MAX && at < image->fd_count)
			fds[count++] = image->fds[at++];
		*error = send_part(nest->in, &header, fds, count);
		if (*error)
			break;
		header.part++;
		count = 0;
	}
	return header.part;
}

/* Takes out the first @count messages, with their descriptors. */
static void drop(struct nest *nest, unsigned int count)
{
	struct header header;

	for (; count; count--)
		if (recv(nest->out, &header, sizeof(header), 0) < 0)
			return;
}

int nest_put(struct nest *nest, const struct image *image)
{
	const int file = make_file(image);
	unsigned int sent;
	int error = 0;

	if (file < 0)
		return file;
	sent = send_all(nest, image, file, &error);
	close(file);
	nest->number++;
	if (error) {
		nest->held += sent;
		return error;
	}
	drop(nest, nest->held);
	nest->held = sent;
	return 0;
}

void nest_clear(struct nest *nest)
{
	drop(nest, nest->held);
	nest->held = 0;
}

/* What has come of an image so far */
struct arrival {
	struct header header; /* of the last part */
	int file;	      /* owned, like ->fds; -1: none */
	int *fds;
	unsigned int count;
};

static void close_all(const int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
}

static void forget(struct arrival *a)
{
	if (a->file >= 0)
		close(a->file);
	close_all(a->fds, a->count);
	free(a->fds);
	*a = (struct arrival){ .file = -1 };
}

static bool is_complete(const struct arrival *a)
{
	return a->file >= 0 && a->count == a->header.fds;
}

static int add_fds(struct arrival *a, const int *fds, unsigned int count)
{
	int *all = reallocarray(a->fds, a->count + count + 1, sizeof(*all));

	if (!all) {
		close_all(fds, count);
		return -ENOMEM;
	}
	a->fds = all;
	memcpy(all + a->count, fds, count * sizeof(*fds));
	a->count += count;
	return 0;
}

/* Receives a message. Returns 1, or 0 if there is none; or a negative errno. */
static int receive(int out, struct header *header, int fds[FDS_MAX],
		   unsigned int *count)
{
	union control control;
	struct iovec iov = { header, sizeof(*header) };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(out, &hdr, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	const struct cmsghdr *c = CMSG_FIRSTHDR(&hdr);

	*count = 0;
	if (n < 0 && errno != EAGAIN)
		return -errno;
	if (n <= 0)
		return 0;
	if (c && c->cmsg_type == SCM_RIGHTS) {
		*count = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) /
					sizeof(int));
		memcpy(fds, CMSG_DATA(c), *count * sizeof(int));
	}
	if (n == sizeof(*header) && header->magic == MAGIC &&
	    !(hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 1;
	close_all(fds, *count);
	return -EBADMSG;
}

/*
 * Adds a message to @now. The first part of an image begins that anew. What is
 * left of one whose first part was dropped is dropped, too.
 */
static int add_part(struct arrival *now, const struct header *header,
		    const int *fds, unsigned int count)
{
	const struct header *before = &now->header;

	if (!header->part && count) {
		forget(now);
		now->file = *fds++;
		count--;
	} else if (now->file < 0 || header->number != before->number ||
		   header->part != before->part + 1) {
		close_all(fds, count);
		forget(now);
		return 0;
	}
	now->header = *header;
	return add_fds(now, fds, count);
}

/* Receives all that there is, and keeps in @last the last complete image. */
static int receive_all(int out, struct arrival *last)
{
	struct arrival now = { .file = -1 };
	struct header header;
	int fds[FDS_MAX];
	unsigned int count;
	int ret;

	while ((ret = receive(out, &header, fds, &count)) > 0) {
		ret = add_part(&now, &header, fds, count);
		if (ret)
			break;
		if (is_complete(&now)) {
			forget(last);
			*last = now;
			now = (struct arrival){ .file = -1 };
		}
	}
	forget(&now);
	return ret;
}

/* Reads the bytes. */
static int read_file(const struct arrival *a, struct image *image)
{
	const struct header *header = &a->header;
	ssize_t n;

	if (header->version != IMAGE_VERSION)
		return -EPROTONOSUPPORT;
	if (header->size > IMAGE_BYTES_MAX)
		return -EBADMSG;
	image->bytes = malloc(header->size + 1);
	if (!image->bytes)
		return -ENOMEM;
	/* One more than there are, to see that there are no more. */
	n = pread(a->file, image->bytes, header->size + 1, 0);
	if (n < 0 || (uint64_t)n != header->size ||
	    sum_of(image->bytes, header->size) != header->sum)
		return -EBADMSG;
	image->size = header->size;
	return 0;
}

int nest_take(int out, struct image *image)
{
	struct arrival last = { .file = -1 };
	int ret = receive_all(out, &last);

	image_init(image);
	image->reads = true;
	if (!ret && last.file < 0)
		ret = -ENOENT;
	if (!ret)
		ret = read_file(&last, image);
	if (!ret) {
		image->fds = last.fds;
		image->fd_count = last.count;
		last.fds = NULL;
		last.count = 0;
	}
	forget(&last);
	if (ret)
		image_fini(image);
	return ret;
}
