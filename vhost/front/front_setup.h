/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The steps of a vhost-user session. They send the messages of front_end.h and
 * return its errors.
 */
#ifndef FRONT_SETUP_H
#define FRONT_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/front/front_end.h"
#include "vhost/front/front_mem.h"
#include "vhost/front/ring/front_ring.h"

#define FRONT_BIT(n) (UINT64_C(1) << (n))

/*
 * Negotiates, in QEMU's order, the features that are offered and wanted, and
 * stores the result in @fe. Always wants VIRTIO_F_VERSION_1 and bit 30. Returns
 * -ENOTSUP if VIRTIO_F_VERSION_1 is not offered: no virtio 1.x device.
 */
int front_negotiate(struct front_end *fe, uint64_t features, uint64_t protocol);

/* Returns @region in the wire format. */
struct vhost_wire_region front_wire_region(const struct front_region *region);

/* SET_MEM_TABLE with all regions. Returns -E2BIG if one message is too short.
 */
int front_set_mem_table(struct front_end *fe, const struct front_mem *mem);

/* ADD_MEM_REG and REM_MEM_REG */
int front_add_region(struct front_end *fe, const struct front_region *region);
int front_remove_region(struct front_end *fe,
			const struct front_region *region);

/* Shares all regions, with ADD_MEM_REG if negotiated, else SET_MEM_TABLE. */
int front_share_mem(struct front_end *fe, const struct front_mem *mem);

/* Returns the addresses of @ring in the wire format. */
struct vhost_wire_vring_addr front_vring_addr(uint32_t index,
					      const struct front_ring *ring);

/* Send one message each. @fd = -1 sends VHOST_USER_VRING_NOFD. */
int front_set_vring_num(struct front_end *fe, uint32_t index, uint32_t num);
int front_set_vring_base(struct front_end *fe, uint32_t index, uint32_t base);
int front_set_vring_addr(struct front_end *fe, uint32_t index,
			 const struct front_ring *ring);
int front_set_vring_fd(struct front_end *fe, uint32_t request, uint32_t index,
		       int fd);
int front_set_vring_enable(struct front_end *fe, uint32_t index, bool enable);

/* GET_VRING_BASE: stops the ring. Returns -EREMOTEIO for an empty reply. */
int front_get_vring_base(struct front_end *fe, uint32_t index, uint32_t *base);

/*
 * Sets up a ring and starts it: NUM, BASE, ADDR, CALL, ERR, KICK, ENABLE. The
 * device resumes at @base, which has 32 bits on a packed ring.
 */
int front_start_vring(struct front_end *fe, uint32_t index,
		      const struct front_ring *ring, uint32_t base);

/* Stops a ring: ENABLE 0, GET_VRING_BASE. */
int front_stop_vring(struct front_end *fe, uint32_t index, uint32_t *base);

/*
 * GET_INFLIGHT_FD for @inflight->num_queues queues of ->queue_size: fills in
 * the other fields, and in @fd the file, which the caller owns. Returns
 * -EREMOTEIO if the back end refuses. SET_INFLIGHT_FD: @fd = -1 sends no
 * descriptor.
 */
int front_get_inflight(struct front_end *fe,
		       struct vhost_wire_inflight *inflight, int *fd);
int front_set_inflight(struct front_end *fe,
		       const struct vhost_wire_inflight *inflight, int fd);

/*
 * GET_CONFIG and SET_CONFIG of @size bytes at @offset. Return -EREMOTEIO if the
 * back end refuses.
 */
int front_get_config(struct front_end *fe, uint32_t offset, uint32_t size,
		     void *data);
int front_set_config(struct front_end *fe, uint32_t offset, uint32_t size,
		     const void *data);

#endif
