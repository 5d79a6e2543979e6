/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A virtio entropy device (virtio 1.4, section 5.4) on the back end in vhost/.
 * It shows all that a device has to do: see vhost/device.h.
 *
 *	vhost-rng SOCKET
 *
 * The device has one queue, no config space and no features of its own. It
 * fills the driver's buffers with random bytes. One front end is served after
 * the other.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "vhost/poll.h"
#include "vhost/session.h"
#include "vhost/listen/listen.h"

#define REQUESTQ 0
#define BURST	 64   /* buffers between two looks at the front end */
#define FILL_MAX 4096 /* bytes; it may be less than a buffer (5.4.6.1) */

/* Places in the set that the thread waits for */
#define KICK	 (VHOST_POLL_KICK + REQUESTQ)
#define LISTENER VHOST_POLL_OWN

struct rng {
	struct wait_set waits;
	struct vhost_session session;
	struct chain chain; /* the buffer in hand */
};

/* Writes random bytes to the buffer. Returns how many: 0 if it cannot. */
static uint32_t fill(struct rng *rng)
{
	struct chain_cursor writer;
	uint8_t bytes[FILL_MAX];
	size_t len;

	chain_writer(&rng->chain, &writer);
	len = writer.left < FILL_MAX ? writer.left : FILL_MAX;
	if (getrandom(bytes, len, 0) != (ssize_t)len ||
	    chain_write(&writer, &rng->session.mem, bytes, len) < 0)
		return 0;
	return (uint32_t)len;
}

/* Fills buffers for a while. Returns true if there may be more of them. */
static bool serve_queue(struct rng *rng)
{
	struct vhost_session *s = &rng->session;
	bool more = true;

	for (int i = 0; i < BURST; i++) {
		more = vhost_ring_is_active(&s->rings[REQUESTQ]) &&
		       vhost_session_pop(s, REQUESTQ, &rng->chain) > 0;
		if (!more)
			break;
		vhost_session_push(s, REQUESTQ, &rng->chain, fill(rng));
		if (vhost_session_lost_memory(s))
			vhost_session_break(s, REQUESTQ, "its memory is gone");
	}
	/* Once for all of them */
	vhost_session_call(s, REQUESTQ);
	return more;
}

/* Prints what the session has to say. */
static void report(struct vhost_session *s)
{
	if (s->reason.text[0])
		fprintf(stderr, "%s\n", s->reason.text);
	vhost_reason_clear(&s->reason);
}

/*
 * Waits for the front end and the driver, unless there is @more to do. Returns
 * 0, or a negative errno at the end of the session.
 */
static int wait_for(struct vhost_session *s, bool more)
{
	int ret = 0, timeout = vhost_session_poll(s, 0);
	struct timespec left = { .tv_nsec = more ? 0 : timeout * 1000000L };
	uint32_t ready =
		wait_set_wait(s->waits, more || timeout >= 0 ? &left : NULL);

	if (ready & VHOST_POLL_BIT(KICK) &&
	    vhost_ring_take_kick(&s->rings[REQUESTQ]) < 0)
		vhost_session_break(s, REQUESTQ, "its kick descriptor died");
	if (ready & VHOST_POLL_BIT(VHOST_POLL_STATE))
		vhost_session_read_state(s);
	report(s);
	if (ready & VHOST_POLL_BIT(VHOST_POLL_FRONT_END))
		ret = vhost_session_handle(s);
	report(s);
	return ret < 0 ? ret : 0;
}

/* Serves the front end at the other end of @fd until it disconnects. */
static void serve_front_end(struct rng *rng, int fd)
{
	static const struct vhost_device_ops ops; /* nothing to do */
	struct vhost_device device = {
		.ops = &ops,
		.ring_count = 1,
		.offered = vhost_features_supported(),
	};
	bool more = false;

	device.offered.protocol &=
		~(UINT64_C(1) << VHOST_USER_PROTOCOL_F_CONFIG);
	vhost_session_init(&rng->session, &device, fd, &rng->waits);
	guest_mem_watch(&rng->session.mem);
	while (wait_for(&rng->session, more) == 0)
		more = serve_queue(rng);
	vhost_session_fini(&rng->session);
	guest_mem_watch(NULL);
}

int main(int argc, char **argv)
{
	struct vhost_listener listener;
	struct ucred peer;
	struct rng rng;
	int ret = argc == 2 ? 0 : -EINVAL;

	if (!ret)
		ret = guest_mem_handle_sigbus();
	if (!ret)
		ret = chain_init(&rng.chain, VIRTQ_MAX_SIZE);
	if (!ret)
		ret = wait_set_init(&rng.waits);
	if (!ret)
		ret = vhost_listen(&listener, argv[1], NULL);
	if (ret) {
		fprintf(stderr, "vhost-rng SOCKET: %s\n", strerror(-ret));
		return 1;
	}
	for (;;) {
		int fd = vhost_accept(&listener, &peer);

		if (fd >= 0)
			serve_front_end(&rng, fd);
		else if (wait_set_put(&rng.waits, LISTENER, listener.fd,
				      WAIT_LEVEL) == 0)
			wait_set_wait(&rng.waits, NULL);
	}
}
