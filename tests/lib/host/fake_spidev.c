/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/host/fake_spidev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/host/fake_spidev_model.h"
#include "tests/lib/skip.h"

#define SPI_IOC_TYPE 'k'

struct device {
	char path[64]; /* "": not made */
	struct fake_spidev_chip chip;
	struct fake_spidev_log logs[2]; /* one is written, one was taken */
	unsigned int writing;
};

static struct {
	pthread_mutex_t lock; /* of ->devices */
	struct device devices[FAKE_SPIDEVS];
	char dir[32];
	int listener;
	sem_t has_listener;
	const char *unavailable; /* why, or NULL */
	bool started;
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Returns the device behind descriptor @fd of @tid, or NULL; and if it is dead.
 */
static struct device *find_device(pid_t tid, int fd, bool *dead)
{
	char link[64], path[128];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)tid, fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return NULL;
	path[n] = '\0';
	for (unsigned int i = 0; i < FAKE_SPIDEVS; i++) {
		struct device *d = &fake.devices[i];
		size_t len = strlen(d->path);

		if (!len || strncmp(path, d->path, len))
			continue;
		*dead = !strcmp(path + len, " (deleted)");
		if (*dead || !path[len])
			return d;
	}
	return NULL;
}

static void answer(const struct seccomp_notif *req,
		   struct seccomp_notif_resp *resp)
{
	struct device *d;
	bool dead;
	int ret;

	*resp = (struct seccomp_notif_resp){ .id = req->id };
	pthread_mutex_lock(&fake.lock);
	d = find_device((pid_t)req->pid, (int)req->data.args[0], &dead);
	if (d) {
		ret = dead ? -ESHUTDOWN
			   : fake_spidev_ioctl(&d->chip, (pid_t)req->pid,
					       (unsigned int)req->data.args[1],
					       req->data.args[2]);
		resp->error = ret < 0 ? ret : 0;
		resp->val = ret;
	} else {
		resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	pthread_mutex_unlock(&fake.lock);
}

/* Was made before the filter, so its own ioctls are the kernel's. */
static void *serve(void *arg)
{
	struct seccomp_notif_resp resp;
	struct seccomp_notif req;

	(void)arg;
	while (sem_wait(&fake.has_listener) < 0)
		;
	while (fake.listener >= 0) {
		memset(&req, 0, sizeof(req));
		if (ioctl(fake.listener, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
			continue;
		answer(&req, &resp);
		ioctl(fake.listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
	return NULL;
}

/* ioctl(2) with a request of SPI's type. Returns the listener. */
static int install_filter(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 5),
		/* The low half, which is the first on little-endian. */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, _IOC_TYPESHIFT),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, _IOC_TYPEMASK),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SPI_IOC_TYPE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static int make_node(unsigned int i)
{
	/* Of different numbers, as one device is not two chips. */
	static const unsigned int minors[FAKE_SPIDEVS] = { 3, 5, 7, 9 };
	const char *path = fake.devices[i].path;
	int fd;

	if (mknod(path, S_IFCHR | 0600, makedev(1, minors[i])) < 0)
		return -errno;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void clean_up(void)
{
	fake_spidev_remove_all();
	rmdir(fake.dir);
}

/* Returns why it cannot be, or NULL. */
static const char *start(void)
{
	pthread_t thread;
	int ret;

	snprintf(fake.dir, sizeof(fake.dir), "/tmp/fake-spidev-XXXXXX");
	if (!mkdtemp(fake.dir))
		return "no directory in /tmp";
	snprintf(fake.devices[0].path, sizeof(fake.devices[0].path), "%s/try",
		 fake.dir);
	ret = make_node(0);
	unlink(fake.devices[0].path);
	fake.devices[0].path[0] = '\0';
	if (ret < 0) {
		rmdir(fake.dir);
		return "no device file can be made in /tmp (it takes root)";
	}
	sem_init(&fake.has_listener, 0, 0);
	if (pthread_create(&thread, NULL, serve, NULL))
		return "no thread";
	pthread_detach(thread);
	fake.listener = install_filter();
	sem_post(&fake.has_listener);
	if (fake.listener < 0) {
		rmdir(fake.dir);
		return "no seccomp user notification here";
	}
	fcntl(fake.listener, F_SETFD, FD_CLOEXEC);
	atexit(clean_up);
	return NULL;
}

void fake_spidev_need(void)
{
	if (!fake.started)
		fake.unavailable = start();
	fake.started = true;
	if (fake.unavailable) {
		skip_because("%s", fake.unavailable);
	}
}

const char *fake_spidev_make(unsigned int i,
			     const struct fake_spidev_board *board)
{
	struct device *d = &fake.devices[i];

	pthread_mutex_lock(&fake.lock);
	/* Other tests may run, and have devices of the same number open. */
	snprintf(d->path, sizeof(d->path), "%s/spidev%u.%d", fake.dir, i,
		 (int)getpid());
	d->chip.board = *board;
	d->logs[0].count = d->logs[0].ioctls = d->logs[0].reads =
		d->logs[0].messages = 0;
	d->logs[0].sent_len = 0;
	d->writing = 0;
	d->chip.log = &d->logs[0];
	fake_spidev_reset(&d->chip);
	pthread_mutex_unlock(&fake.lock);
	unlink(d->path);
	assert_int_equal(make_node(i), 0);
	return d->path;
}

void fake_spidev_remove_all(void)
{
	for (unsigned int i = 0; i < FAKE_SPIDEVS; i++) {
		if (fake.devices[i].path[0])
			unlink(fake.devices[i].path);
	}
}

void fake_spidev_unbind(unsigned int i)
{
	assert_int_equal(unlink(fake.devices[i].path), 0);
}

void fake_spidev_bind(unsigned int i)
{
	pthread_mutex_lock(&fake.lock);
	fake_spidev_reset(&fake.devices[i].chip);
	pthread_mutex_unlock(&fake.lock);
	assert_int_equal(make_node(i), 0);
}

void fake_spidev_fail(unsigned int i, unsigned int first, unsigned int last,
		      int error)
{
	struct fake_spidev_chip *chip = &fake.devices[i].chip;

	pthread_mutex_lock(&fake.lock);
	chip->fail_messages = (struct fake_spidev_range){ first, last };
	chip->fail_error = error;
	pthread_mutex_unlock(&fake.lock);
}

void fake_spidev_fail_setup(unsigned int i, unsigned int first,
			    unsigned int last, int error,
			    enum fake_spidev_setup how)
{
	struct fake_spidev_chip *chip = &fake.devices[i].chip;

	pthread_mutex_lock(&fake.lock);
	chip->fail_setups = (struct fake_spidev_range){ first, last };
	chip->fail_setup_error = error;
	chip->fail_setup_how = how;
	pthread_mutex_unlock(&fake.lock);
}

void fake_spidev_meddle(unsigned int i, uint32_t mode)
{
	struct fake_spidev_chip *chip = &fake.devices[i].chip;

	pthread_mutex_lock(&fake.lock);
	chip->meddles = true;
	chip->meddle_mode = mode;
	pthread_mutex_unlock(&fake.lock);
}

bool fake_spidev_is_selected(unsigned int i)
{
	bool selected;

	pthread_mutex_lock(&fake.lock);
	selected = fake.devices[i].chip.selected;
	pthread_mutex_unlock(&fake.lock);
	return selected;
}

const struct fake_spidev_log *fake_spidev_take(unsigned int i)
{
	struct device *d = &fake.devices[i];
	const struct fake_spidev_log *taken;
	struct fake_spidev_log *next;

	pthread_mutex_lock(&fake.lock);
	taken = &d->logs[d->writing];
	d->writing = !d->writing;
	next = &d->logs[d->writing];
	next->count = next->ioctls = next->reads = next->messages = 0;
	next->sent_len = 0;
	d->chip.log = next;
	pthread_mutex_unlock(&fake.lock);
	return taken;
}
