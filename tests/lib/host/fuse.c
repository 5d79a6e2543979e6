/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/host/fuse.h"

#include <byteswap.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FILE_SIZE   (1u << 20)
#define MISC_MAJOR  10
#define FUSE_MINOR  229
#define REQUEST_MAX (FUSE_MIN_READ_BUFFER + (1u << 17))

static void reply(const struct fuse_file *f, uint64_t id, int error,
		  const void *body, size_t size)
{
	struct {
		struct fuse_out_header head;
		uint8_t body[256];
	} out = { .head = { .len = (uint32_t)(sizeof(out.head) + size),
			    .error = error,
			    .unique = id } };

	if (size)
		memcpy(out.body, body, size);
	/* Fails when who asked has given up. */
	if (write(f->device, &out, out.head.len) < 0)
		return;
}

/* Returns whether it was answered. */
static bool serve(struct fuse_file *f, const struct fuse_in_header *in)
{
	struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION,
				      .minor = FUSE_KERNEL_MINOR_VERSION,
				      .max_write = 4096 };
	/* Valid for no time at all, so that each fstat(2) asks again. */
	struct fuse_attr_out attr = { .attr = { .ino = FUSE_ROOT_ID,
						.size = FILE_SIZE,
						.mode = S_IFREG | 0600,
						.nlink = 1 } };
	struct fuse_open_out opened = { 0 };

	if (f->silent)
		return false;
	/* We are emulated, on a machine that orders bytes in another way. */
	if (in->opcode == bswap_32(FUSE_INIT)) {
		f->foreign = true;
		umount2(f->path, MNT_FORCE);
	}
	if (in->opcode == FUSE_INIT)
		reply(f, in->unique, 0, &init, sizeof(init));
	else if (in->opcode == FUSE_GETATTR)
		reply(f, in->unique, 0, &attr, sizeof(attr));
	else if (in->opcode == FUSE_OPEN)
		reply(f, in->unique, 0, &opened, sizeof(opened));
	else
		reply(f, in->unique, -ENOSYS, NULL, 0);
	return true;
}

static void *run(void *arg)
{
	struct fuse_file *f = arg;
	uint8_t *request = malloc(REQUEST_MAX);
	ssize_t n;

	while (request) {
		n = read(f->device, request, REQUEST_MAX);
		if (n < 0 && errno != EINTR && errno != ENOENT)
			break; /* unmounted */
		if (n > 0 && !serve(f, (const void *)request))
			f->unanswered++;
	}
	free(request);
	return NULL;
}

static bool mount_it(struct fuse_file *f)
{
	char options[96];
	int fd;

	strcpy(f->path, "/tmp/test-fuse-XXXXXX");
	fd = mkstemp(f->path);
	if (fd < 0)
		return false;
	close(fd);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=100600,user_id=0,group_id=0", f->device);
	if (!mount("test-fuse", f->path, "fuse", MS_NOSUID | MS_NODEV, options))
		return true;
	unlink(f->path);
	return false;
}

/* A chroot may lack the node; root can make one for a moment. */
static int open_device(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char name[64];

	if (fd >= 0 || errno != ENOENT)
		return fd;
	snprintf(name, sizeof(name), "/tmp/test-fuse-node-%d", (int)getpid());
	if (mknod(name, S_IFCHR | 0600, makedev(MISC_MAJOR, FUSE_MINOR)) < 0)
		return -1;
	fd = open(name, O_RDWR | O_CLOEXEC);
	unlink(name);
	return fd;
}

bool fuse_file_open(struct fuse_file *f)
{
	*f = (struct fuse_file){ .fd = -1 };
	f->device = open_device();
	if (f->device < 0)
		return false;
	if (!mount_it(f)) {
		close(f->device);
		return false;
	}
	if (!pthread_create(&f->server, NULL, run, f)) {
		f->fd = open(f->path, O_RDWR | O_CLOEXEC);
		f->silent = true;
		if (f->fd >= 0 && !f->foreign)
			return true;
		/* What is below the mount may have been opened. */
		close(f->fd);
		umount2(f->path, MNT_DETACH);
		pthread_join(f->server, NULL);
	}
	close(f->device);
	unlink(f->path);
	return false;
}

/* Forced: it ends the connection first, so that nothing waits for us. */
void fuse_file_close(struct fuse_file *f)
{
	umount2(f->path, MNT_FORCE);
	close(f->fd);
	umount2(f->path, MNT_DETACH);
	pthread_join(f->server, NULL);
	close(f->device);
	unlink(f->path);
}
