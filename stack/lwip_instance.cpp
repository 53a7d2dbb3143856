// SPDX-License-Identifier: Apache-2.0
// Loads copies of lwIP's object from the bytes that this library carries.
#include "stack/lwip_instance.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

extern "C" {
extern const char ringside_lwip_image[];
extern const char ringside_lwip_image_end[];
}

namespace ringside::stack {
namespace {

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

}  // namespace

std::unique_ptr<LwipInstance> LwipInstance::load(std::string* error) {
  const int fd = image_file();
  if (fd < 0) {
    *error = std::string("cannot make the stack's image: ") + std::strerror(errno);
    return nullptr;
  }
  // The loader knows objects by name as well as by inode: the descriptor stays open as long as the
  // copy, so that no other copy can have its name.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    *error = std::string("cannot load the stack's image: ") + ::dlerror();
    ::close(fd);
    return nullptr;
  }
  const auto entry = reinterpret_cast<LwipEntry>(::dlsym(handle, RINGSIDE_LWIP_ENTRY));
  const LwipOperations* operations = entry != nullptr ? entry() : nullptr;
  if (operations == nullptr || operations->abi != RINGSIDE_LWIP_ABI ||
      operations->size != sizeof(LwipOperations)) {
    *error = "the stack's image does not fit this library";
    ::dlclose(handle);
    ::close(fd);
    return nullptr;
  }
  return std::unique_ptr<LwipInstance>(new LwipInstance(fd, handle, operations));
}

LwipInstance::~LwipInstance() {
  ::dlclose(handle_);
  ::close(fd_);
}

}  // namespace ringside::stack
