/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/wire/replies.h"

#include "vhost/wire/wire.h"

bool vhost_request_has_reply(uint32_t request, uint64_t protocol)
{
	switch (request) {
	case VHOST_USER_GET_FEATURES:
	case VHOST_USER_GET_VRING_BASE:
	case VHOST_USER_GET_PROTOCOL_FEATURES:
	case VHOST_USER_GET_QUEUE_NUM:
	case VHOST_USER_GET_CONFIG:
	case VHOST_USER_CREATE_CRYPTO_SESSION:
	case VHOST_USER_POSTCOPY_ADVISE:
	case VHOST_USER_POSTCOPY_END:
	case VHOST_USER_GET_INFLIGHT_FD:
	case VHOST_USER_GET_MAX_MEM_SLOTS:
	case VHOST_USER_GET_STATUS:
	case VHOST_USER_GET_SHARED_OBJECT:
	case VHOST_USER_SET_DEVICE_STATE_FD:
	case VHOST_USER_CHECK_DEVICE_STATE:
	case VHOST_USER_GET_SHMEM_CONFIG:
	case VHOST_USER_GET_VRING_BASE_SKIP_DRAIN:
		return true;
	case VHOST_USER_SET_LOG_BASE:
		return protocol & 1ull << VHOST_USER_PROTOCOL_F_LOG_SHMFD;
	default:
		return false;
	}
}
