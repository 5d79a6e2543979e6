/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Front ends that translate badly, or not at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/daemon/session/iommu_rig.h"
#include "tests/lib/test.h"

/* The request fails, once and with one line; everybody else is served. */
static void what_is_never_translated_fails_its_request(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	struct front_iommu *iommu = &front->iommu;
	uint16_t id;

	rig_check_loopback(front, 1);
	for (unsigned int i = 0; i < 2; i++) {
		iommu->rule_count = 0;
		/* Not there at all; then, not to be written */
		assert_int_equal(
			front_iommu_map(iommu, i ? IN_AT + LEN - PAGE : OUT_AT,
					PAGE, i ? VHOST_ACCESS_RO : 0),
			0);
		assert_int_equal(spi_front_submit(front, &duplex, &apart, &id),
				 0);
		rig_check_control(front);
		rig_check_loopback(rig_open(rig, 1), 100);
		rig_close(rig, 1);
		rig_expect_wait(front, id, LEN, VIRTIO_SPI_TRANS_ERR);
		assert_int_equal(
			daemon_count_log(&rig->daemon, "no translation"),
			i + 1);
		iommu->rule_count = 0;
		expect_status(front, VIRTIO_SPI_TRANS_OK);
	}
}

/* A status that cannot be written: the guest gets its buffers back. */
static void status_without_a_place_counts_as_not_written(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);
	struct spi_front_result result;

	front_iommu_map(&front->iommu, IN_AT + LEN, PAGE, VHOST_ACCESS_RO);
	assert_int_equal(spi_front_transfer(front, &duplex, &apart, &result),
			 0);
	assert_int_equal(result.used_len, 0);
	assert_int_equal(result.status, SPI_FRONT_UNWRITTEN);
	rig_check_loopback(front, 100);
}

static void pieces_may_be_small(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);

	rig_check_loopback(front, 1);
	front->iommu.piece = 1;
	rig_check_loopback(front, 300);
	front->iommu.piece = 64;
	front_iommu_invalidate(&front->iommu, 0, 0);
	/* Where a piece ends, a field of the ring does not; it must be whole */
	front_iommu_update(&front->iommu, front->ring.desc_addr, PAGE,
			   VHOST_ACCESS_RW);
	rig_check_loopback(front, 20000);
}

static void start_untold(struct spi_front *front, uint32_t base)
{
	front->ring.helper.help = NULL;
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
}

/* It is started, and goes on as soon as it can. */
static void ring_waits_for_its_translation(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	uint32_t base;
	uint16_t id;

	rig_check_loopback(front, 1);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
		start_untold(front, base);
		assert_int_equal(spi_front_submit(front, &duplex, &apart, &id),
				 0);
		rig_check_control(front);
		if (!i)
			sleep(2);
		front_iommu_attach(&front->iommu, &front->ring);
		rig_expect_wait(front, id, LEN, VIRTIO_SPI_TRANS_OK);
		/* One line, and only when it took long */
		assert_int_equal(
			daemon_count_log(&rig->daemon, "the ring waits"), 1);
		assert_int_equal(
			daemon_count_log(&rig->daemon, "no translation"), 1);
	}
}

static void front_end_may_go_while_it_is_asked(void **state)
{
	struct rig *rig = *state;
	unsigned int fds = rig_count_fds(rig);
	struct spi_front *front;
	uint16_t id;

	for (unsigned int i = 0; i < 5; i++) {
		front = rig_open_iommu(rig, 0);
		if (i & 1)
			rig_check_loopback(front, 1);
		front_iommu_map(&front->iommu, OUT_AT, PAGE, 0);
		assert_int_equal(spi_front_submit(front, &duplex, &apart, &id),
				 0);
		rig_close(rig, 0);
	}
	assert_int_equal(rig_count_fds(rig), fds);
}

/* The table cannot be read, so there is no knowing what to complete. */
static void indirect_table_without_a_place_breaks_the_ring(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	struct spi_front_framing framing = apart;
	struct front_chain *chain = front->ring.chains;
	uint16_t id;

	framing.indirect = true;
	assert_int_equal(spi_front_add(front, &duplex, &framing, &id), 0);
	while (!chain->table_len)
		chain++;
	front_iommu_map(&front->iommu, chain->table, PAGE, 0);
	spi_front_flush(front);
	assert_int_equal(front_ring_wait(&front->ring, -1, DAEMON_TIMEOUT_MS),
			 -EIO);
	front->iommu.rule_count = 0;
	rig_expect_broken(rig, front);
}

/* A translation to nowhere is as good as an address that is nowhere. */
static void translations_out_of_memory_are_not_followed(void **state)
{
	static const uint64_t nowhere[] = {
		0,
		PAGE,
		SPI_FRONT_HIGH_ADDR,
		UINT64_C(1) << 63,
		UINT64_MAX - PAGE + 1,
		/* The last byte of memory, then none */
		SPI_FRONT_HIGH_ADDR + (4 << 20) - 1 + FRONT_MEM_USER_SHIFT,
	};
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	struct vhost_wire_iotlb msg;

	for (unsigned int i = 0; i < 6; i++) {
		expect_status(front, VIRTIO_SPI_TRANS_OK);
		msg = update_of(front, OUT_AT);
		msg.user_addr = nowhere[i];
		assert_int_equal(front_iommu_tell(&front->iommu, &msg), 0);
		expect_status(front, VIRTIO_SPI_PARAM_ERR);
		assert_int_equal(
			front_iommu_invalidate(&front->iommu, OUT_AT, PAGE), 0);
	}
	/* And the ring's own areas */
	msg = update_of(front, front->ring.avail_addr);
	msg.user_addr = 0;
	assert_int_equal(front_iommu_tell(&front->iommu, &msg), 0);
	rig_wait_ring_error(front);
	rig_check_control(front);
	assert_int_equal(front_iommu_invalidate(&front->iommu, 0, 0), 0);
	rig_recover_ring(front);
}

static void ring_in_pieces_is_broken(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	struct vhost_wire_iotlb msg = update_of(front, front->ring.desc_addr);

	rig_check_loopback(front, 1);
	/* Its second half is on another page. */
	msg.iova += 512;
	msg.user_addr += PAGE / 2 + 512;
	msg.size = 512;
	assert_int_equal(front_iommu_tell(&front->iommu, &msg), 0);
	msg = update_of(front, front->ring.desc_addr);
	msg.size = 512;
	assert_int_equal(front_iommu_tell(&front->iommu, &msg), 0);
	rig_expect_broken(rig, front);
}

static void cache_is_empty_after(struct spi_front *front, unsigned int *misses)
{
	uint32_t base = front_ring_base(&front->ring, front->ring.taken);

	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_check_loopback(front, 10);
	assert_true(front->iommu.misses > *misses + 4);
	*misses = front->iommu.misses;
}

static void resets_empty_the_cache(void **state)
{
	struct spi_front_options options = rig_options_iommu(*state, 0);
	struct spi_front *front;
	struct front_end *fe;
	unsigned int misses;

	options.protocol |= FRONT_BIT(VHOST_USER_PROTOCOL_F_RESET_DEVICE) |
			    FRONT_BIT(VHOST_USER_PROTOCOL_F_STATUS);
	front = rig_open_with(*state, 0, &options);
	fe = &front->fe;
	rig_check_loopback(front, 10);
	misses = front->iommu.misses;
	assert_int_equal(
		front_end_tell(fe, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0),
		0);
	cache_is_empty_after(front, &misses);
	assert_int_equal(front_end_set_u64(fe, VHOST_USER_SET_STATUS, 0), 0);
	cache_is_empty_after(front, &misses);
	assert_int_equal(
		front_end_tell(fe, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0),
		0);
	/* Another driver, which does not know of IOMMUs, and this one again */
	assert_int_equal(
		front_end_set_u64(fe, VHOST_USER_SET_FEATURES,
				  fe->features &
					  ~FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM)),
		0);
	assert_int_equal(
		front_end_set_u64(fe, VHOST_USER_SET_FEATURES, fe->features),
		0);
	cache_is_empty_after(front, &misses);
}

/* The meaning of all addresses changes under a running ring. */
static void feature_may_come_and_go(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_iommu(rig, 0);
	struct front_end *fe = &front->fe;

	for (unsigned int i = 0; i < 5; i++) {
		rig_check_loopback(front, 10);
		assert_int_equal(
			front_end_set_u64(
				fe, VHOST_USER_SET_FEATURES,
				fe->features &
					~FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM)),
			0);
		rig_wait_ring_error(front);
		assert_int_equal(front_end_set_u64(fe, VHOST_USER_SET_FEATURES,
						   fe->features),
				 0);
		rig_recover_ring(front);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_IOMMU_BOTH(what_is_never_translated_fails_its_request),
		RIG_TEST_IOMMU(status_without_a_place_counts_as_not_written),
		RIG_TEST_IOMMU(pieces_may_be_small),
		RIG_TEST_IOMMU_BOTH(ring_waits_for_its_translation),
		RIG_TEST_IOMMU(front_end_may_go_while_it_is_asked),
		RIG_TEST_IOMMU_BOTH(
			indirect_table_without_a_place_breaks_the_ring),
		RIG_TEST_IOMMU(translations_out_of_memory_are_not_followed),
		RIG_TEST_IOMMU(ring_in_pieces_is_broken),
		RIG_TEST_IOMMU_BOTH(resets_empty_the_cache),
		RIG_TEST_IOMMU(feature_may_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
