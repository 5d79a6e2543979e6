/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Messages about an IOMMU, and the channel for them, that cannot be. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/daemon/session/iommu_rig.h"

static void channel_must_be_a_unix_stream(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	unsigned int before = daemon_fds(&rig->daemon);
	int fds[4] = { eventfd(0, 0), -1, -1, -1 };

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds + 1), 0);
	fds[3] = socket(AF_INET, SOCK_STREAM, 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(front_end_tell(&front->fe,
						VHOST_USER_SET_BACKEND_REQ_FD,
						NULL, 0, &fds[i], 1),
				 -EREMOTEIO);
	assert_int_equal(front_end_tell(&front->fe,
					VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0,
					NULL, 0),
			 -EREMOTEIO);
	assert_int_equal(front_end_tell(&front->fe,
					VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0,
					fds, 2),
			 -EREMOTEIO);
	for (unsigned int i = 0; i < 4; i++)
		close(fds[i]);
	rig_check_loopback(front, 100);
	daemon_expect_fds(&rig->daemon, before);
}

/* A new one is asked what the old one may not have heard. */
static void channel_may_be_replaced_and_may_die(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	struct front_iommu *iommu = &front->iommu;
	unsigned int before = daemon_fds(&rig->daemon);
	uint16_t id;

	for (unsigned int i = 0; i < 10; i++) {
		front_iommu_invalidate(iommu, 0, 0);
		assert_int_equal(spi_front_submit(front, &duplex, &apart, &id),
				 0);
		assert_int_equal(front_iommu_wait(iommu, DAEMON_TIMEOUT_MS), 0);
		if (i & 1)
			front_iommu_close(iommu);
		assert_int_equal(
			front_iommu_open(iommu, &front->fe, &front->mem), 0);
		front_iommu_attach(iommu, &front->ring);
		rig_expect_wait(front, id, LEN, VIRTIO_SPI_TRANS_OK);
		daemon_expect_fds(&rig->daemon, before);
	}
	/* Without any, it must be told unasked. */
	front_iommu_close(iommu);
	front->ring.helper.help = NULL;
	front_iommu_invalidate(iommu, 0, 0);
	assert_int_equal(spi_front_submit(front, &duplex, &apart, &id), 0);
	for (uint64_t at = 0; at < 4 << 20; at += PAGE)
		front_iommu_update(iommu, SPI_FRONT_HIGH_ADDR + at, PAGE,
				   VHOST_ACCESS_RW);
	for (uint64_t at = SPI_FRONT_LOW_ADDR; at < SPI_FRONT_HIGH_ADDR;
	     at += PAGE)
		front_iommu_update(iommu, at, PAGE, VHOST_ACCESS_RW);
	rig_expect_wait(front, id, LEN, VIRTIO_SPI_TRANS_OK);
}

/* One that is full of misses that nobody reads, and of what nobody asked */
static void channel_that_nobody_reads_holds_nobody(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	struct front_iommu *iommu = &front->iommu;
	const uint8_t junk[1000] = { 1, 2, 3 };

	expect_status(front, VIRTIO_SPI_TRANS_OK);
	front->ring.helper.help = NULL;
	for (unsigned int i = 0; i < 2000; i++) {
		uint16_t id;

		send(iommu->channel, junk, sizeof(junk), MSG_DONTWAIT);
		front_iommu_invalidate(iommu, OUT_AT, PAGE);
		assert_int_equal(spi_front_submit(front, &duplex, &apart, &id),
				 0);
		rig_check_control(front);
		front_iommu_update(iommu, OUT_AT, PAGE, VHOST_ACCESS_RW);
		rig_expect_wait(front, id, LEN, VIRTIO_SPI_TRANS_OK);
	}
}

static void impossible_messages_are_refused(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	struct front_iommu *iommu = &front->iommu;
	const struct vhost_wire_iotlb good = update_of(front, OUT_AT);
	struct vhost_wire_iotlb msg = good;
	struct front_reply reply;

	for (unsigned int type = 0; type < 256; type++) {
		msg.type = type;
		if (type != VHOST_IOTLB_UPDATE &&
		    type != VHOST_IOTLB_INVALIDATE)
			assert_int_equal(front_iommu_tell(iommu, &msg),
					 -EREMOTEIO);
	}
	msg = good;
	msg.size = 0;
	assert_int_equal(front_iommu_tell(iommu, &msg), -EREMOTEIO);
	msg.size = -good.iova + 1;
	assert_int_equal(front_iommu_tell(iommu, &msg), -EREMOTEIO);
	msg = good;
	msg.user_addr = UINT64_MAX - 1;
	assert_int_equal(front_iommu_tell(iommu, &msg), -EREMOTEIO);
	msg = good;
	msg.access = 0;
	assert_int_equal(front_iommu_tell(iommu, &msg), -EREMOTEIO);
	/* Of another length, and yet answered */
	for (uint32_t size = 31; size <= 33; size += 2) {
		uint8_t payload[33] = { 0 };

		assert_int_equal(front_end_ask(&front->fe, VHOST_USER_IOTLB_MSG,
					       payload, size, &reply),
				 0);
		assert_int_equal(reply.header.size, 8);
		assert_true(reply.payload.u64 != 0);
	}
	rig_check_loopback(front, 100);
}

static void translations_need_their_feature(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct vhost_wire_iotlb msg = update_of(front, 0);
	int fds[2];

	front_iommu_init(&front->iommu);
	front->iommu.fe = &front->fe;
	assert_int_equal(front_iommu_tell(&front->iommu, &msg), -EREMOTEIO);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(front_end_tell(&front->fe,
					VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0,
					fds, 1),
			 -EREMOTEIO);
	close(fds[0]);
	close(fds[1]);
	rig_check_loopback(front, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_IOMMU(channel_must_be_a_unix_stream),
		RIG_TEST_IOMMU(channel_may_be_replaced_and_may_die),
		RIG_TEST_IOMMU(channel_that_nobody_reads_holds_nobody),
		RIG_TEST_IOMMU(impossible_messages_are_refused),
		RIG_TEST_IOMMU(translations_need_their_feature),
		RIG_TEST(translations_need_their_feature), /* not offered */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
