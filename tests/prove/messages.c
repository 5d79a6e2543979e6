/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A message: how it is received, what the table of requests checks, and the
 * handlers of the two that have lengths inside, SET_MEM_TABLE and SET_CONFIG.
 *
 * Front end: any bytes, in portions of any size, and any number of descriptors
 * with each. recvmsg(2) may fail.
 * Bound: none but the product's: 8 portions in a call, 16 descriptors in a
 * portion.
 *
 * cbmc: --unwind 17 --object-bits 10 --conversion-check
 */
#include "tests/prove/prove.h"

#include <sys/socket.h>

#include "vhost/wire/sock.h"

static struct vhost_sock sock;

/* The kernel's part: it fills no more than it is given. */
static ssize_t any_recvmsg(struct msghdr *hdr)
{
	struct cmsghdr *c = hdr->msg_control;
	struct vhost_wire_header header;
	ssize_t n = nondet_int();
	uint8_t fds = nondet_u8();

	assert(__CPROVER_w_ok(hdr->msg_iov->iov_base, hdr->msg_iov->iov_len));
	assume(n >= -1 && n <= (ssize_t)hdr->msg_iov->iov_len);
	errno = nondet_int();
	assume(errno > 0 && errno < 4096);
	if (sock.have < sizeof(header))
		sock.msg.header = header;
	hdr->msg_flags = nondet_int();
	assume(fds <= (hdr->msg_controllen - CMSG_LEN(0)) / sizeof(int));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(fds * sizeof(int));
	hdr->msg_controllen = nondet_bool() ? CMSG_SPACE(fds * sizeof(int)) : 0;
	return n;
}

#undef CMSG_NXTHDR
#define CMSG_NXTHDR(hdr, c)	NULL /* one at most */
#define recvmsg(fd, hdr, flags) any_recvmsg(hdr)

static int any_order(const void *a, const void *b, size_t len)
{
	assert(__CPROVER_r_ok(a, len) && __CPROVER_r_ok(b, len));
	return nondet_int();
}

#define memcpy(to, from, len) check_copy(to, from, len)
#define memcmp(a, b, len)     any_order(a, b, len)

#include "vhost/request/features.c"
#include "vhost/request/mem.c"
#include "vhost/session.c"
#include "vhost/wire/sock.c"

int vhost_reason_set(struct vhost_reason *reason, const char *format, ...)
{
	(void)reason, (void)format;
	return -EINVAL;
}

void vhost_close_fd(int *fd)
{
	*fd = -1;
}

void guest_mem_init(struct guest_mem *mem)
{
	*mem = (struct guest_mem){ 0 };
}

int guest_mem_add(struct guest_mem *mem, const struct guest_region_spec *spec,
		  int fd)
{
	(void)mem, (void)spec, (void)fd;
	return nondet_bool() ? 0 : -EINVAL;
}

void guest_mem_clear(struct guest_mem *mem)
{
	(void)mem;
}

void vhost_swap_mem(struct vhost_session *s, struct guest_mem *mem)
{
	(void)s, (void)mem;
}

/* What the handlers rely on */
static void check_checked(const struct vhost_session *s, struct vhost_msg *msg,
			  const struct row *row)
{
	const union vhost_wire_payload *p = &msg->payload;

	assert(msg->header.size <= sizeof(*p) && msg->header.size >= row->size);
	assert(msg->fd_count <= row->fds && !msg->fds_lost);
	assert(row->ring != RING_U32 || p->state.index < VHOST_MAX_RINGS);
	assert(row->ring != RING_U8 || (p->u64 & 0xff) < VHOST_MAX_RINGS);
	assert(!row->protocol || s->protocol_features & row->protocol);
}

static void handle(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct row *row = find_row(msg->header.request);

	if (check(s, msg, row))
		return;
	check_checked(s, msg, row);
	if (row->handle == vhost_get_config && !vhost_get_config(s, msg))
		assert(s->reply_size <= sizeof(s->reply));
	if (row->handle == vhost_set_config)
		vhost_set_config(s, msg);
	if (row->handle == vhost_set_mem_table)
		vhost_set_mem_table(s, msg);
}

int main(void)
{
	uint8_t config[VHOST_USER_CONFIG_MAX];
	struct vhost_device device = {
		.config = config,
		.config_size = nondet_u32(),
		.ring_count = nondet_u32(),
	};
	struct vhost_session s;
	struct vhost_msg any;
	int ret;

	assume(device.config_size <= sizeof(config));
	assume(device.ring_count && device.ring_count <= VHOST_MAX_RINGS);
	s.device = &device;
	sock.msg = any;
	sock.have = nondet_size();
	assume(any.fd_count <= VHOST_USER_MAX_FDS);
	assume(sock.have < HEADER_SIZE ||
	       (any.header.size <= MAX_SIZE &&
		sock.have <= HEADER_SIZE + any.header.size));
	ret = vhost_sock_recv(&sock);
	/* What follows ->fds is in the same object. */
	assert(sock.msg.fd_count <= VHOST_USER_MAX_FDS);
	if (ret <= 0)
		return 0;
	assert(sock.have == HEADER_SIZE + sock.msg.header.size);
	handle(&s, &sock.msg);
	return 0;
}
