// SPDX-License-Identifier: Apache-2.0
// Loads lwIP's object and finds its variables by its program headers.
#include "stack/lwip_image.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "formats/address_sanitizer.h"

extern "C" {
extern const char ringside_lwip_image[];
extern const char ringside_lwip_image_end[];
}

namespace ringside::stack {
namespace {

/// Two hosts then need no copying, and the code of all of them stays in a second-level cache.
constexpr unsigned kImages = 4;

/// An anonymous file with the object's bytes; -1 and errno on failure.
int image_file() {
  const int fd = ::memfd_create("ringside-lwip", MFD_CLOEXEC);
  if (fd < 0) return -1;
  const char* at = ringside_lwip_image;
  while (at < ringside_lwip_image_end) {
    const ssize_t written = ::write(fd, at, static_cast<std::size_t>(ringside_lwip_image_end - at));
    if (written < 0 && errno != EINTR) {
      ::close(fd);
      return -1;
    }
    if (written > 0) at += written;
  }
  return fd;
}

struct Search {
  uintptr_t address;  ///< anywhere in the object that is looked for
  uintptr_t begin = 0;
  uintptr_t end = 0;
};

/// The writable segment without what becomes read-only after relocation.
int find_variables(dl_phdr_info* object, std::size_t, void* context) {
  auto& search = *static_cast<Search*>(context);
  bool inside = false;
  uintptr_t begin = 0, end = 0, relocated_end = 0;
  for (unsigned i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    const uintptr_t first = object->dlpi_addr + header.p_vaddr;
    const uintptr_t last = first + header.p_memsz;
    if (header.p_type == PT_GNU_RELRO) relocated_end = last;
    if (header.p_type != PT_LOAD) continue;
    inside = inside || (search.address >= first && search.address < last);
    if ((header.p_flags & PF_W) != 0) {
      begin = first;
      end = last;
    }
  }
  if (!inside) return 0;
  search.begin = relocated_end > begin ? relocated_end : begin;
  search.end = end;
  return 1;
}

std::string why(const char* what, const char* reason) {
  return std::string("cannot ") + what + " the stack's image: " + reason;
}

}  // namespace

LwipImage::LwipImage(const LwipOperations* operations, std::span<std::byte> variables)
    : operations_(operations), variables_(variables), initial_(variables.size()) {
  copy_variables(variables.data(), initial_.data(), variables.size());
}

LwipImage* LwipImage::next(std::string* error) {
  static std::array<std::unique_ptr<LwipImage>, kImages> images;
  static unsigned turn = 0;
  std::unique_ptr<LwipImage>& image = images[turn];
  if (image == nullptr) image = load(error);
  if (image != nullptr) turn = (turn + 1) % kImages;
  return image.get();
}

std::unique_ptr<LwipImage> LwipImage::load(std::string* error) {
  const int fd = image_file();
  if (fd < 0) {
    *error = why("make", std::strerror(errno));
    return nullptr;
  }
  // The loader knows objects by name as well as by inode: the descriptor stays open, so that no
  // other object can have its name.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    *error = why("load", ::dlerror());
    return nullptr;
  }
  const auto entry = reinterpret_cast<LwipEntry>(::dlsym(handle, RINGSIDE_LWIP_ENTRY));
  const LwipOperations* const operations = entry != nullptr ? entry() : nullptr;
  if (operations == nullptr || operations->abi != RINGSIDE_LWIP_ABI ||
      operations->size != sizeof(LwipOperations)) {
    *error = "the stack's image does not fit this library";
    return nullptr;
  }
  Search search{.address = reinterpret_cast<uintptr_t>(operations)};
  if (::dl_iterate_phdr(find_variables, &search) == 0 || search.begin >= search.end) {
    *error = "the stack's image has no variables";
    return nullptr;
  }
  // From a pointer into the object: the compiler knows where that leads, unlike a number.
  auto* const inside = reinterpret_cast<std::byte*>(const_cast<LwipOperations*>(operations));
  return std::unique_ptr<LwipImage>(new LwipImage(
      operations, {inside + (search.begin - search.address), search.end - search.begin}));
}

#if defined(RINGSIDE_ADDRESS_SANITIZER)
// AddressSanitizer forbids reading what lies between variables, also to memcpy().
#if defined(__clang__)
__attribute__((no_sanitize("address", "undefined"), no_builtin("memcpy"))) void
#else
__attribute__((no_sanitize("address", "undefined"),
               optimize("no-tree-loop-distribute-patterns"))) void
#endif
copy_variables(const std::byte* from, std::byte* to, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
}
#else
void copy_variables(const std::byte* from, std::byte* to, std::size_t size) {
  std::memcpy(to, from, size);
}
#endif

}  // namespace ringside::stack
