// SPDX-License-Identifier: Apache-2.0
// See output_file.h.
#include "formats/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringside::formats {

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(part_, other.part_);
  std::swap(what_, other.what_);
  std::swap(tail_, other.tail_);
  std::swap(status_, other.status_);
  std::swap(told_, other.told_);
  std::swap(buffer_, other.buffer_);
  std::swap(bytes_on_disk_, other.bytes_on_disk_);
  return *this;
}

Status OutputFile::open(const std::string& path, std::string_view what) {
  if (is_open()) {
    if (Status closed = close(); !closed.ok()) return closed;
  }
  path_ = path;
  what_ = what;
  status_ = Status::success();
  told_ = nullptr;
  bytes_on_disk_ = 0;
  buffer_.clear();
  struct stat there {};
  const bool special = ::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode);
  part_ = special ? "" : path + kPartSuffix;
  descriptor_ =
      ::open((special ? path_ : part_).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot create", errno);
  return status_;
}

Status OutputFile::flush() {
  if (is_open()) write_out();
  return status_;
}

Status OutputFile::close() {
  if (is_open()) {
    write_out();
    if (is_open()) {
      const int result = ::close(std::exchange(descriptor_, -1));
      if (result != 0) {
        fail("cannot close", errno);
      } else {
        settle();
      }
    }
  }
  return status_;
}

void OutputFile::write_out() {
  if (!is_open()) {  // ended by an error
    buffer_.clear();
    return;
  }
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      fail("cannot write", count < 0 ? errno : ENOSPC);
      return;
    }
    done += static_cast<std::size_t>(count);
  }
  bytes_on_disk_ += done;
  buffer_.clear();
}

void OutputFile::fail(const char* verb, int error) {
  std::string line = path_ + ": " + verb + " " + what_ + ": " + std::strerror(error);
  if (is_open() && !part_.empty()) line += "; what came before is in " + part_;
  status_ = Status::failure(std::move(line));
  buffer_.clear();
  if (is_open()) {
    // Whole pieces stay; a pipe or a device cannot be cut, and has nothing to repair.
    const auto end = static_cast<off_t>(bytes_on_disk_);
    if (::ftruncate(descriptor_, end) == 0 && !tail_.empty()) {
      (void)!::pwrite(descriptor_, tail_.data(), tail_.size(), end);
    }
    ::close(std::exchange(descriptor_, -1));
  }
  if (told_) told_(status_.error);
}

void OutputFile::settle() {
  if (part_.empty()) return;
  if (::rename(part_.c_str(), path_.c_str()) != 0) fail("cannot name", errno);
}

}  // namespace ringside::formats
