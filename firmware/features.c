/* SPDX-License-Identifier: Apache-2.0
 * Which sets of feature bits make sense (virtio 1.4, "Feature Bits"; network device, "Feature bit
 * requirements"). */
#include "firmware/control_plane.h"
#include "formats/virtio_defs.h"
#include "hw_model/registers/card_mutants.h"

#define BIT(n) ((uint64_t)1 << (n))

/* `feature` needs at least one bit of `any_of`. */
struct requirement {
  uint64_t feature;
  uint64_t any_of;
};

static const struct requirement requirements[] = {
    {BIT(VIRTIO_NET_F_GUEST_TSO4), BIT(VIRTIO_NET_F_GUEST_CSUM)},
    {BIT(VIRTIO_NET_F_GUEST_TSO6), BIT(VIRTIO_NET_F_GUEST_CSUM)},
    {BIT(VIRTIO_NET_F_GUEST_ECN), BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6)},
    {BIT(VIRTIO_NET_F_GUEST_UFO), BIT(VIRTIO_NET_F_GUEST_CSUM)},
    {BIT(VIRTIO_NET_F_HOST_TSO4), BIT(VIRTIO_NET_F_CSUM)},
    {BIT(VIRTIO_NET_F_HOST_TSO6), BIT(VIRTIO_NET_F_CSUM)},
    {BIT(VIRTIO_NET_F_HOST_ECN), BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6)},
    {BIT(VIRTIO_NET_F_HOST_UFO), BIT(VIRTIO_NET_F_CSUM)},
    {BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS), BIT(VIRTIO_NET_F_CTRL_VQ)},
    {BIT(VIRTIO_NET_F_CTRL_RX), BIT(VIRTIO_NET_F_CTRL_VQ)},
    {BIT(VIRTIO_NET_F_CTRL_VLAN), BIT(VIRTIO_NET_F_CTRL_VQ)},
    {BIT(VIRTIO_NET_F_CTRL_RX_EXTRA), BIT(VIRTIO_NET_F_CTRL_VQ)},
    {BIT(VIRTIO_NET_F_GUEST_ANNOUNCE), BIT(VIRTIO_NET_F_CTRL_VQ)},
    {BIT(VIRTIO_NET_F_GUEST_ANNOUNCE), BIT(VIRTIO_NET_F_STATUS)},
    {BIT(VIRTIO_NET_F_MQ), BIT(VIRTIO_NET_F_CTRL_VQ)},
    {BIT(VIRTIO_NET_F_CTRL_MAC_ADDR), BIT(VIRTIO_NET_F_CTRL_VQ)},
    {BIT(VIRTIO_NET_F_RSS), BIT(VIRTIO_NET_F_CTRL_VQ)},
};

/* Bits of `set` whose requirements hold in `set`. */
static uint64_t without_orphans(uint64_t set) {
  unsigned i;
  for (i = 0; i < sizeof requirements / sizeof requirements[0]; ++i) {
    if ((set & requirements[i].any_of) == 0) set &= ~requirements[i].feature;
  }
  return set;
}

uint64_t rs_features_to_offer(uint64_t wanted) {
  uint64_t set = wanted | BIT(VIRTIO_F_VERSION_1); /* RSV-D-001 */
  uint64_t before;
  if (rs_mutant(RS_MUTANT_VERSION_1_OPTIONAL)) set = wanted;
  if (rs_mutant(RS_MUTANT_OFFERS_ORPHANS)) return set;
  do {
    before = set;
    set = without_orphans(set);
  } while (set != before);
  return set;
}

int rs_features_acceptable(uint64_t offered, uint64_t accepted) {
  if (rs_mutant(RS_MUTANT_ACCEPTS_ANYTHING)) return 1;
  if (rs_mutant(RS_MUTANT_REFUSES_SUBSETS) && accepted != offered) return 0;
  if (rs_mutant(RS_MUTANT_ACCEPTS_LEGACY)) accepted |= BIT(VIRTIO_F_VERSION_1);
  if ((accepted & ~offered) != 0) return 0;
  if ((accepted & BIT(VIRTIO_F_VERSION_1)) == 0) return 0; /* RSV-D-002 */
  return without_orphans(accepted) == accepted;
}
