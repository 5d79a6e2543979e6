/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/host/emulator.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/skip.h"
#include "tests/lib/test.h"

static sigjmp_buf after_fault;
static const char *fault_address;

static void note_address(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	fault_address = info->si_addr;
	siglongjmp(after_fault, 1);
}

/* Makes a page of memory that is shared, with its file. */
static char *map_page(int *fd)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page;

	*fd = memfd_create("page", MFD_CLOEXEC);
	assert_true(*fd >= 0);
	assert_int_equal(ftruncate(*fd, (off_t)size), 0);
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	assert_true(page != MAP_FAILED);
	return page;
}

static void unmap_page(char *page, int fd)
{
	munmap(page, (size_t)sysconf(_SC_PAGESIZE));
	close(fd);
}

void need_fault_address(void)
{
	struct sigaction action = { .sa_sigaction = note_address,
				    .sa_flags = SA_SIGINFO };
	struct sigaction before;
	volatile char *page;
	bool is_told;
	int fd;

	page = map_page(&fd);
	sigaction(SIGBUS, &action, &before);
	assert_int_equal(ftruncate(fd, 0), 0);
	if (!sigsetjmp(after_fault, 1))
		*page = 1;
	sigaction(SIGBUS, &before, NULL);
	is_told = fault_address == page;
	unmap_page((char *)page, fd);
	if (!is_told)
		skip_because("SIGBUS does not tell the address here");
}

/* Sends two descriptors of @fd, of which @to has room for one. */
static void send_two(int from, int to, int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(2 * sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	struct iovec byte = { &(char){ 0 }, 1 };
	struct msghdr msg = { .msg_iov = &byte,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fds[2] = { fd, fd };

	memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	if (sendmsg(from, &msg, 0) != 1)
		_exit(1);
	msg.msg_controllen = CMSG_LEN(sizeof(int));
	if (recvmsg(to, &msg, 0) != 1)
		_exit(1);
	memcpy(fds, CMSG_DATA(&control.head), sizeof(int));
	close(fds[0]);
}

/* In a process of its own, which takes along what is left open. */
static bool are_cut(void)
{
	struct pollfd writer = { 0 };
	int pair[2], ends[2], status;
	pid_t pid = fork();

	if (pid) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		return !status;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || pipe(ends) < 0)
		_exit(1);
	send_two(pair[0], pair[1], ends[0]);
	close(pair[0]);
	close(pair[1]);
	close(ends[0]);
	writer.fd = ends[1];
	poll(&writer, 1, 0);
	/* POLLERR: no reader is left. */
	_exit(!(writer.revents & POLLERR));
}

void need_cut_descriptors(void)
{
	if (!are_cut())
		skip_because("recvmsg leaves descriptors open here");
}

void need_memory_removal(void)
{
	bool is_removed;
	char *page;
	int fd;

	page = map_page(&fd);
	*page = 1;
	is_removed = madvise(page, (size_t)sysconf(_SC_PAGESIZE), MADV_REMOVE) <
			     0 ||
		     !*page;
	unmap_page(page, fd);
	if (!is_removed)
		skip_because("MADV_REMOVE does nothing here");
}

void need_program_file(void)
{
	int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat told, program;

	assert_int_equal(fstat(own, &program), 0);
	assert_int_equal(stat("/proc/self/exe", &told), 0);
	close(own);
	if (told.st_ino != program.st_ino || told.st_dev != program.st_dev)
		skip_because("/proc tells of the emulator here");
}

void need_byte_order(void)
{
	FILE *one = popen("printf '\\1\\0\\0\\0' | od -An -tu4", "re");
	uint32_t number = 0;

	assert_non_null(one);
	assert_int_equal(fscanf(one, "%u", &number), 1);
	pclose(one);
	if (number != le32toh(1))
		skip_because("programs have another byte order here");
}

unsigned int count_hidden_threads(void)
{
	unsigned int count = 0;
	struct dirent *entry;
	DIR *threads = opendir("/proc/self/task");

	assert_non_null(threads);
	while ((entry = readdir(threads)))
		count += entry->d_name[0] != '.';
	closedir(threads);
	return count - 1;
}

uint64_t event_count(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count << 8 ? count : count >> 56;
}
