// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * A CAN controller in loopback mode: a frame comes back from the driver, which
 * saw it sent, and from the controller, which received it.
 */
#include "tests/guest/tools/tools.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/can.h>
#include <linux/can/netlink.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>

#define BITRATE	 125000
#define FRAME_MS 5000

/* A message to the kernel, which grows */
struct request {
	struct nlmsghdr header;
	struct ifinfomsg link;
	char attributes[256];
};

/* Adds an attribute, of @len bytes. Returns where it is. */
static struct rtattr *add(struct request *r, unsigned short type,
			  const void *data, size_t len)
{
	struct rtattr *a =
		(void *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->header.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->header.nlmsg_len) +
					 RTA_ALIGN(RTA_LENGTH(len)));
	return a;
}

/* The attributes that were added since @a are in it. */
static void end(const struct request *r, struct rtattr *a)
{
	a->rta_len = (unsigned short)((const char *)r + r->header.nlmsg_len -
				      (char *)a);
}

/* Sends it, and ends the program unless the kernel agrees. */
static void ask(struct request *r, const char *what)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer;

	if (fd < 0 || send(fd, r, r->header.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		die(what);
	close(fd);
	errno = -answer.error.error;
	if (errno)
		die(what);
}

static struct request request(int index)
{
	return (struct request){
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			    .nlmsg_type = RTM_NEWLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = index },
	};
}

static void start(int index)
{
	const struct can_bittiming timing = { .bitrate = BITRATE };
	const struct can_ctrlmode mode = { .mask = CAN_CTRLMODE_LOOPBACK,
					   .flags = CAN_CTRLMODE_LOOPBACK };
	struct request r = request(index);
	struct rtattr *info = add(&r, IFLA_LINKINFO, NULL, 0), *data;

	add(&r, IFLA_INFO_KIND, "can", 3);
	data = add(&r, IFLA_INFO_DATA, NULL, 0);
	add(&r, IFLA_CAN_BITTIMING, &timing, sizeof(timing));
	add(&r, IFLA_CAN_CTRLMODE, &mode, sizeof(mode));
	end(&r, data);
	end(&r, info);
	ask(&r, "set the bit rate");
	r = request(index);
	r.link.ifi_flags = r.link.ifi_change = IFF_UP;
	ask(&r, "set it up");
}

static int open_socket(int index)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_CAN),
		.sll_ifindex = index,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_CAN));

	if (fd < 0 || bind(fd, (const void *)&address, sizeof(address)) < 0)
		die("socket");
	return fd;
}

/* Receives @frame. Returns 1, and says so, if another or none comes. */
static int receive(int fd, const struct can_frame *frame)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct can_frame received;

	if (poll(&wait, 1, FRAME_MS) != 1) {
		puts("no frame");
		return 1;
	}
	if (recv(fd, &received, sizeof(received), 0) < 0)
		die("receive");
	printf("%x: %d bytes\n", received.can_id, received.len);
	if (received.can_id != frame->can_id || received.len != frame->len)
		return 1;
	return compare(frame->data, received.data, frame->len);
}

int run_can(const struct options *o, char **args)
{
	struct can_frame frame = { .can_id = (canid_t)number(args[0]) };
	size_t len;
	uint8_t *data = bytes(args[1], &len);
	int index = (int)if_nametoindex(o->device);
	int fd;

	if (!index)
		die(o->device);
	if (len > sizeof(frame.data))
		usage();
	frame.len = (uint8_t)len;
	memcpy(frame.data, data, len);
	start(index);
	fd = open_socket(index);
	if (send(fd, &frame, sizeof(frame), 0) != sizeof(frame))
		die("send");
	return receive(fd, &frame) || receive(fd, &frame);
}
