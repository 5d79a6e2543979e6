/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The steps of a vhost-user session, made of the messages of front_end.h and
 * with its errors.
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
 * Negotiates, in QEMU's order, what is both offered and wanted; fills in what
 * was in @fe. VIRTIO_F_VERSION_1 and bit 30 are always wanted. -ENOTSUP
 * without the former, as there is no virtio 1.x device then.
 */
int front_negotiate(struct front_end *fe, uint64_t features, uint64_t protocol);

/* The wire's form of a region. */
struct vhost_wire_region front_wire_region(const struct front_region *region);

/* SET_MEM_TABLE with all of @mem; -E2BIG for more regions than it can carry. */
int front_set_mem_table(struct front_end *fe, const struct front_mem *mem);

/* ADD_MEM_REG and REM_MEM_REG */
int front_add_region(struct front_end *fe, const struct front_region *region);
int front_remove_region(struct front_end *fe,
			const struct front_region *region);

/* Gives the back end all of @mem, in the way that was negotiated. */
int front_share_mem(struct front_end *fe, const struct front_mem *mem);

/* The wire's form of a ring's addresses. */
struct vhost_wire_vring_addr front_vring_addr(uint32_t index,
					      const struct front_ring *ring);

/* One message each. @fd = -1 sends "no descriptor". */
int front_set_vring_num(struct front_end *fe, uint32_t index, uint32_t num);
int front_set_vring_base(struct front_end *fe, uint32_t index, uint32_t base);
int front_set_vring_addr(struct front_end *fe, uint32_t index,
			 const struct front_ring *ring);
int front_set_vring_fd(struct front_end *fe, uint32_t request, uint32_t index,
		       int fd);
int front_set_vring_enable(struct front_end *fe, uint32_t index, bool enable);

/* GET_VRING_BASE: stops the ring. -EREMOTEIO for an error's empty reply. */
int front_get_vring_base(struct front_end *fe, uint32_t index, uint32_t *base);

/*
 * Sets a ring up and starts it: NUM, BASE, ADDR, CALL, ERR, KICK, ENABLE.
 * @base is where the device goes on, all 32 bits of it on a packed ring.
 */
int front_start_vring(struct front_end *fe, uint32_t index,
		      const struct front_ring *ring, uint32_t base);

/* Stops it: ENABLE 0, GET_VRING_BASE. */
int front_stop_vring(struct front_end *fe, uint32_t index, uint32_t *base);

/*
 * GET_INFLIGHT_FD for @inflight->num_queues queues of ->queue_size: fills in
 * the rest, and the file in @fd, which is the caller's. -EREMOTEIO when the
 * back end refuses. And SET_INFLIGHT_FD; @fd = -1 sends none.
 */
int front_get_inflight(struct front_end *fe,
		       struct vhost_wire_inflight *inflight, int *fd);
int front_set_inflight(struct front_end *fe,
		       const struct vhost_wire_inflight *inflight, int fd);

/*
 * GET_CONFIG and SET_CONFIG of @size bytes at @offset.
 * -EREMOTEIO when the back end refuses.
 */
int front_get_config(struct front_end *fe, uint32_t offset, uint32_t size,
		     void *data);
int front_set_config(struct front_end *fe, uint32_t offset, uint32_t size,
		     const void *data);

#endif
