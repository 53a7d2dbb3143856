// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/peer_memory.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

namespace ringside::tb {
namespace {

constexpr uint64_t kMaxFileOffset = std::numeric_limits<int64_t>::max();

std::string describe(const VhostMemoryRegion& region) {
  return fmt::format("memory region of {} bytes at 0x{:x}", region.size, region.guest_physical);
}

Status no_file(const VhostMemoryRegion& region) {
  return Status::failure(describe(region) + " is not in a file that can be mapped");
}

bool wraps(uint64_t start, uint64_t size) { return start > UINT64_MAX - size; }

/// Numbers that cannot be right, whatever file comes with them.
Status check_place(const VhostMemoryRegion& region) {
  if (region.size == 0) return Status::failure(describe(region) + " is empty");
  if (wraps(region.guest_physical, region.size) || wraps(region.user, region.size) ||
      wraps(region.mmap_offset, region.size)) {
    return Status::failure(describe(region) + " wraps around the end of the address space");
  }
  return Status::success();
}

/// The file holds the region: an access to it is no error now.
Status check_file(const VhostMemoryRegion& region, const struct stat& file) {
  if (!S_ISREG(file.st_mode)) return no_file(region);
  const uint64_t end = region.mmap_offset + region.size;
  if (file.st_size < 0 || end > kMaxFileOffset || end > static_cast<uint64_t>(file.st_size)) {
    return Status::failure(fmt::format("{} lies at offset {} of a file of {} bytes",
                                       describe(region), region.mmap_offset, file.st_size));
  }
  return Status::success();
}

/// Mappings of `file` begin and end at multiples of this (bytes): huge pages have their own.
std::size_t page_size_of(int file) {
  struct statfs system {};
  if (::fstatfs(file, &system) == 0 && system.f_type == HUGETLBFS_MAGIC && system.f_bsize > 0) {
    return static_cast<std::size_t>(system.f_bsize);
  }
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

bool overlap(const VhostMemoryRegion& a, const VhostMemoryRegion& b) {
  return a.guest_physical < b.guest_physical + b.size &&
         b.guest_physical < a.guest_physical + a.size;
}

}  // namespace

PeerMemory::Mapping::~Mapping() {
  lost_pages_.forget();
  if (start_ != nullptr) ::munmap(start_, size_);
}

Status PeerMemory::Mapping::map(const VhostMemoryRegion& region, const OwnedFd& file, int notify,
                                std::shared_ptr<const Mapping>& result) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return no_file(region);
  Status checked = check_file(region, status);
  if (!checked.ok()) return checked;
  const std::size_t page = page_size_of(file.get());
  const uint64_t offset = region.mmap_offset / page * page;
  const uint64_t before = region.mmap_offset - offset;
  if (region.size > SIZE_MAX - before - page) {
    return Status::failure(describe(region) + " is too large");
  }
  const std::size_t size = (before + region.size + page - 1) / page * page;
  void* start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                       file.get(), static_cast<off_t>(offset));
  if (start == MAP_FAILED) {
    return Status::failure(describe(region) + " cannot be mapped: " + std::strerror(errno));
  }
  auto mapping = std::make_shared<Mapping>();
  mapping->start_ = static_cast<std::byte*>(start);
  mapping->size_ = size;
  mapping->data_ = mapping->start_ + before;
  mapping->device_ = status.st_dev;
  mapping->inode_ = status.st_ino;
  // A core dump of this process is not one of the front end.
  ::madvise(start, size, MADV_DONTDUMP);
  checked = mapping->lost_pages_.watch(mapping->start_, size, page, notify);
  if (checked.ok()) result = std::move(mapping);
  return checked;
}

Status PeerMemory::add(const VhostMemoryRegion& region, const OwnedFd& file,
                       PeerMemory& result) const {
  Status status = check_place(region);
  if (!status.ok()) return status;
  for (const Region& other : result.regions_) {
    if (!overlap(region, other.place)) continue;
    return Status::failure(
        fmt::format("{} overlaps the {}", describe(region), describe(other.place)));
  }
  struct stat of_file {};
  if (::fstat(file.get(), &of_file) != 0) return no_file(region);
  for (const Region& known : regions_) {
    if (known.place == region && known.mapping->is_of(of_file.st_dev, of_file.st_ino)) {
      result.regions_.push_back(known);
      return Status::success();
    }
  }
  Region added{region, nullptr};
  status = Mapping::map(region, file, notify_, added.mapping);
  if (status.ok()) result.regions_.push_back(std::move(added));
  return status;
}

Status PeerMemory::with_regions(const std::vector<VhostMemoryRegion>& regions,
                                std::vector<OwnedFd> files, PeerMemory& result) const {
  PeerMemory made(notify_);
  for (std::size_t i = 0; i < regions.size(); ++i) {
    Status status = add(regions[i], files[i], made);
    if (!status.ok()) return status;
  }
  result = std::move(made);
  return Status::success();
}

Status PeerMemory::with_region(const VhostMemoryRegion& region, OwnedFd file,
                               PeerMemory& result) const {
  PeerMemory made(notify_);
  const auto known = std::find_if(regions_.begin(), regions_.end(),
                                  [&](const Region& each) { return each.place == region; });
  for (auto each = regions_.begin(); each != regions_.end(); ++each) {
    if (each != known) made.regions_.push_back(*each);
  }
  if (made.full()) {
    return Status::failure(fmt::format("{} is one more than the {} that are possible",
                                       describe(region), kVhostMaxRegions));
  }
  Status status = add(region, file, made);
  if (status.ok()) result = std::move(made);
  return status;
}

Status PeerMemory::without_region(const VhostMemoryRegion& region, PeerMemory& result) const {
  PeerMemory made = *this;
  const auto gone =
      std::find_if(made.regions_.begin(), made.regions_.end(), [&](const Region& each) {
        return each.place.guest_physical == region.guest_physical &&
               each.place.user == region.user && each.place.size == region.size;
      });
  if (gone == made.regions_.end()) {
    return Status::failure(describe(region) + " is not there and cannot be removed");
  }
  made.regions_.erase(gone);
  result = std::move(made);
  return Status::success();
}

std::vector<VhostRegion> PeerMemory::regions() const {
  std::vector<VhostRegion> result;
  result.reserve(regions_.size());
  for (const Region& region : regions_) {
    result.push_back({region.place.guest_physical, region.mapping->data(), region.place.size});
  }
  return result;
}

std::optional<uint64_t> PeerMemory::to_bus(uint64_t user, uint64_t size) const {
  for (const Region& region : regions_) {
    const VhostMemoryRegion& place = region.place;
    if (user < place.user || user - place.user >= place.size) continue;
    const uint64_t offset = user - place.user;
    if (size > place.size - offset) continue;
    return place.guest_physical + offset;
  }
  return std::nullopt;
}

}  // namespace ringside::tb
