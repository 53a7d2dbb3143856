// SPDX-License-Identifier: Apache-2.0
// The memory that a front end shares: mapped, checked, and translated from its addresses.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "formats/status.h"
#include "testbench/vhost/lost_pages.h"
#include "testbench/vhost/owned_fd.h"
#include "testbench/vhost/vhost_target.h"
#include "testbench/vhost/vhost_user.h"

namespace ringside::tb {

/// A table of regions, which does not change: a new one is made from it. Mappings that both have
/// are shared and stay where they are.
class PeerMemory {
 public:
  /// `notify`: an event descriptor that becomes readable when mapped pages get lost.
  explicit PeerMemory(int notify) : notify_(notify) {}

  /// The table of `regions` alone, the i-th in the i-th file. A region must lie inside its file,
  /// which is a regular one (memfd, hugetlbfs, tmpfs) open for reading and writing; no address may
  /// wrap, no two regions overlap in guest physical addresses.
  Status with_regions(const std::vector<VhostMemoryRegion>& regions, std::vector<OwnedFd> files,
                      PeerMemory& result) const;
  /// With one more; one that is there already, with the same file, is no error.
  Status with_region(const VhostMemoryRegion& region, OwnedFd file, PeerMemory& result) const;
  /// Without the one that has these guest physical and user addresses and this size.
  Status without_region(const VhostMemoryRegion& region, PeerMemory& result) const;

  std::vector<VhostRegion> regions() const;
  bool empty() const { return regions_.empty(); }
  bool full() const { return regions_.size() == kVhostMaxRegions; }

  /// The guest physical address of `size` bytes at the front end's `user`, if they lie in one
  /// region.
  std::optional<uint64_t> to_bus(uint64_t user, uint64_t size) const;

 private:
  /// A shared mapping of part of a file.
  class Mapping {
   public:
    ~Mapping();
    static Status map(const VhostMemoryRegion& region, const OwnedFd& file, int notify,
                      std::shared_ptr<const Mapping>& result);
    std::byte* data() const { return data_; }
    bool is_of(dev_t device, ino_t inode) const { return device_ == device && inode_ == inode; }

   private:
    std::byte* start_ = nullptr;  ///< page-aligned, before data_
    std::size_t size_ = 0;
    std::byte* data_ = nullptr;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    LostPages lost_pages_;
  };
  struct Region {
    VhostMemoryRegion place;
    std::shared_ptr<const Mapping> mapping;
  };

  /// Adds `region` to `result`, with this table's mapping of it if there is one.
  Status add(const VhostMemoryRegion& region, const OwnedFd& file, PeerMemory& result) const;

  std::vector<Region> regions_;
  int notify_;
};

}  // namespace ringside::tb
