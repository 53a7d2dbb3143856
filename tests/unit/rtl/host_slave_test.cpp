// SPDX-License-Identifier: Apache-2.0
// host_slave against the functional core.
#include "tests/unit/rtl/host_slave_world.h"

namespace ringside::test {
namespace {

using C = formats::CommonCfg;

constexpr uint64_t kBasic = formats::feature_bit(VIRTIO_F_VERSION_1) |
                            formats::feature_bit(VIRTIO_NET_F_STATUS) |
                            formats::feature_bit(VIRTIO_NET_F_CTRL_VQ);

TEST(RtlHostSlave, ComesUp) {
  HostSlaveWorld world(1, false);
  world.enable_pci();
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.card->active, 1u);
  world.check_end();
}

}  // namespace
}  // namespace ringside::test
