/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What the requests of a front end are called, and which have a reply of their
 * own, instead of an ack.
 */
#ifndef VHOST_REQUESTS_H
#define VHOST_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

/* The name in the specification, or "unknown request" */
const char *vhost_request_name(uint32_t request);

/*
 * Returns true if @request is answered by a reply of its own, whether or not
 * the front end asks for an ack; an empty one is an error. @protocol are the
 * protocol features that were negotiated. (vhost-user: Communication)
 */
bool vhost_request_has_reply(uint32_t request, uint64_t protocol);

#endif
