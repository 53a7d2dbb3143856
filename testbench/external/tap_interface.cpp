// SPDX-License-Identifier: Apache-2.0
// See tap_interface.h.
#include "testbench/external/tap_interface.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>
#include <utility>

namespace ringside::tb {

namespace {

constexpr const char* kDevice = "/dev/net/tun";

/// As in linux/ipv6.h, which cannot be included beside the C library's headers.
struct Ipv6Request {
  in6_addr address;
  uint32_t prefix_length;
  int interface;
};
static_assert(sizeof(Ipv6Request) == 24);

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

ifreq request_for(const std::string& interface) {
  ifreq request{};
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  return request;
}

Status failed(const std::string& interface, const char* what) {
  return Status::failure(fmt::format("interface '{}': {}: {}", interface, what, strerror(errno)));
}

Status why_not_attached(const std::string& interface, int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return Status::failure(
          fmt::format("interface '{0}': no permission; expected the capability CAP_NET_ADMIN, or a "
                      "TAP that was made for this user: ip tuntap add dev {0} mode tap user $USER",
                      interface));
    case EBUSY:
      return Status::failure(fmt::format(
          "interface '{}' is in use by another program; expected a TAP of its own", interface));
    case EINVAL:
      return Status::failure(
          fmt::format("interface '{0}' is no TAP with one queue; expected one made by: ip tuntap "
                      "add dev {0} mode tap",
                      interface));
    default:
      return Status::failure(fmt::format("interface '{}': {}", interface, strerror(error)));
  }
}

Status set_address(const std::string& interface, const IpInterface& address) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = request_for(interface);
  sockaddr_in ip{};
  ip.sin_family = AF_INET;
  std::memcpy(&ip.sin_addr, address.address.bytes.data(), 4);
  std::memcpy(&request.ifr_addr, &ip, sizeof ip);
  if (ioctl(socket.get(), SIOCSIFADDR, &request) != 0) return failed(interface, "address");
  const uint32_t ones =
      address.prefix_length == 0 ? 0 : ~uint32_t{0} << (32 - address.prefix_length);
  ip.sin_addr.s_addr = htonl(ones);
  std::memcpy(&request.ifr_netmask, &ip, sizeof ip);
  if (ioctl(socket.get(), SIOCSIFNETMASK, &request) != 0) return failed(interface, "prefix");
  return Status::success();
}

Status set_address6(const std::string& interface, const IpInterface& address) {
  const Descriptor socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  Ipv6Request request{};
  std::memcpy(&request.address, address.address.bytes.data(), 16);
  request.prefix_length = address.prefix_length;
  request.interface = static_cast<int>(if_nametoindex(interface.c_str()));
  if (ioctl(socket.get(), SIOCSIFADDR, &request) != 0) return failed(interface, "address6");
  return Status::success();
}

/// Nobody else is on this wire yet: without the kernel's search for duplicates (RFC 4862, 5.4) its
/// address counts at once. If it cannot be set, the address counts a second later.
void skip_duplicate_search(const std::string& interface) {
  const std::string path = "/proc/sys/net/ipv6/conf/" + interface + "/accept_dad";
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() >= 0) [[maybe_unused]]
    const auto written = write(file.get(), "0", 1);
}

/// Whether an IPv6 address of the interface does not count yet.
bool has_tentative_address(const std::string& interface) {
  constexpr unsigned kTentative = 0x40;  // IFA_F_TENTATIVE
  std::ifstream table("/proc/net/if_inet6");
  std::string address, index, prefix, scope, flags, name;
  while (table >> address >> index >> prefix >> scope >> flags >> name) {
    if (name == interface && (std::stoul(flags, nullptr, 16) & kTentative) != 0) return true;
  }
  return false;
}

/// The kernel finishes that in the background, some milliseconds later.
void await_addresses(const std::string& interface) {
  constexpr int kLongestMs = 2000;
  constexpr int kStepMs = 5;
  for (int waited = 0; waited < kLongestMs && has_tentative_address(interface); waited += kStepMs) {
    std::this_thread::sleep_for(std::chrono::milliseconds(kStepMs));
  }
}

Status set_up(const std::string& interface) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = request_for(interface);
  if (ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return failed(interface, "state");
  request.ifr_flags = static_cast<int16_t>(request.ifr_flags | IFF_UP);
  if (ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return failed(interface, "up");
  return Status::success();
}

Status configure(const TapSetup& setup) {
  Status status;
  if (setup.address6) skip_duplicate_search(setup.interface);
  if (setup.address) status = set_address(setup.interface, *setup.address);
  if (status.ok()) status = set_up(setup.interface);
  if (status.ok() && setup.address6) {
    status = set_address6(setup.interface, *setup.address6);
    await_addresses(setup.interface);
  }
  return status;
}

}  // namespace

bool interface_exists(const std::string& name) { return if_nametoindex(name.c_str()) != 0; }

Status open_tap(const TapSetup& setup, int* descriptor) {
  const std::string& name = setup.interface;
  if (name.empty() || name.size() >= IFNAMSIZ || name.find_first_of("/ %:") != std::string::npos ||
      name == "." || name == "..") {
    return Status::failure(
        fmt::format("'{}' cannot be the name of an interface; expected 1 to {} "
                    "characters without blank, '/', ':' and '%'",
                    name, IFNAMSIZ - 1));
  }
  // The kernel makes what does not exist without being asked.
  if (setup.create == interface_exists(name)) {
    return Status::failure(
        setup.create
            ? fmt::format("interface '{}' exists already; expected another name, or no create",
                          name)
            : fmt::format("no interface is named '{0}'; expected one made by: ip tuntap add dev "
                          "{0} mode tap, or create = true",
                          name));
  }
  Descriptor tap(open(kDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (tap.get() < 0) {
    return Status::failure(
        fmt::format("{}: {}; expected the kernel's TUN/TAP device, and "
                    "permission to open it",
                    kDevice, strerror(errno)));
  }
  ifreq request = request_for(name);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (ioctl(tap.get(), TUNSETIFF, &request) != 0) return why_not_attached(name, errno);
  if (setup.create) {
    if (Status status = configure(setup); !status.ok()) return status;
  }
  *descriptor = tap.release();
  return Status::success();
}

}  // namespace ringside::tb
