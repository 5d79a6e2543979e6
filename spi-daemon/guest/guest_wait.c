/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/guest/guest_connection.h"
#include "spi-daemon/guest/guest_wait.h"
#include "spi-daemon/system/clock.h"

/* When to try again after the kernel had no memory to wait for new guests. */
#define LISTEN_RETRY_NS (100 * NS_PER_MS)

void guest_wait_init(struct guest_worker *w)
{
	/* There it is woken when a bus is handed over, or ->quits. */
	wait_set_init_in(&w->waits, w->service.message.user.wake);
}

/* Returns true until @until, and sees to waking up then. */
static bool is_put_off(uint64_t until, uint64_t now, uint64_t *deadline)
{
	if (now >= until)
		return false;
	*deadline = clock_earlier(*deadline, until);
	return true;
}

/* What to wait for. Makes @deadline earlier for what has to be polled. */
static void choose_places(struct guest_worker *w, uint64_t now,
			  uint64_t *deadline)
{
	bool accepts = !is_put_off(w->accept_at, now, deadline);
	uint32_t paused = 0;
	int timeout_ms;

	if (wait_set_put(&w->waits, PLACE_LISTENER,
			 accepts ? w->listener.fd : -1, WAIT_LEVEL) < 0)
		*deadline = clock_earlier(*deadline, now + LISTEN_RETRY_NS);
	if (!guest_worker_is_connected(w))
		return;
	if (is_put_off(w->kicks.until, now, deadline))
		paused |= VHOST_POLL_BIT(PLACE_KICK);
	if (is_put_off(w->reads.until, now, deadline))
		paused |= VHOST_POLL_BIT(VHOST_POLL_FRONT_END);
	timeout_ms = vhost_session_poll(&w->session, paused);
	if (timeout_ms >= 0)
		*deadline = clock_earlier(
			*deadline, now + (uint64_t)timeout_ms * NS_PER_MS);
}

uint32_t guest_wait(struct guest_worker *w, uint64_t now, uint64_t deadline)
{
	struct timespec timeout;
	uint32_t ready;

	choose_places(w, now, &deadline);
	if (deadline != CLOCK_NEVER)
		timeout = clock_left(clock_now(), deadline);
	watchdog_wait(&w->watchdog);
	ready = wait_set_wait(&w->waits,
			      deadline == CLOCK_NEVER ? NULL : &timeout);
	watchdog_work(&w->watchdog);
	return ready;
}
