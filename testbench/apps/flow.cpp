// SPDX-License-Identifier: Apache-2.0
// [flow.NAME]: bytes from one host to another over TCP, compared by SHA-256.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "testbench/apps/byte_source.h"
#include "testbench/apps/outside_flow.h"
#include "testbench/apps/received_bytes.h"
#include "testbench/apps/traffic.h"

namespace ringside::tb {

namespace {

constexpr std::size_t kReceiveBytes = 65536;

class FlowTask : public TrafficTask {
 public:
  FlowTask(const Flow& flow, ByteSource source)
      : flow_(flow),
        source_(std::move(source)),
        source_hash_(source_),
        parts_(flow.streams),
        sink_(flow.output) {
    const uint64_t each = (source_.size() + flow.streams - 1) / flow.streams;
    for (uint64_t k = 0; k < flow.streams; ++k) {
      parts_[k].begin = std::min(k * each, source_.size());
      parts_[k].end = std::min((k + 1) * each, source_.size());
    }
    if (flow.streams > 1) received_bytes_.resize(source_.size());
  }

  unsigned servers() const override { return flow_.streams; }
  bool servers_end() const override { return true; }
  unsigned clients() const override { return flow_.streams; }

  void serve(unsigned index, Application& app, const std::function<void()>& ready) override {
    stack::Sockets& sockets = app.sockets();
    const SocketGuard listener(sockets,
                               sockets.socket(family_of(flow_.ip), stack::SocketType::kStream));
    const auto port = static_cast<uint16_t>(flow_.port + index);
    int result = listener.get();
    if (result >= 0) result = sockets.set_option(result, stack::SocketOption::kReuseAddress, 1);
    if (result >= 0) {
      result = sockets.bind(listener.get(), stack::SocketAddress::any(family_of(flow_.ip), port));
    }
    if (result >= 0) result = sockets.listen(listener.get(), 1);
    ready();
    if (result < 0) return fail("listen", result);
    const SocketGuard connection(sockets, sockets.accept(listener.get(), nullptr));
    if (connection.get() < 0) return fail("accept", connection.get());
    Part& part = parts_[index];
    std::vector<std::byte> buffer(kReceiveBytes);
    for (;;) {
      const int64_t count = sockets.recv(connection.get(), buffer);
      if (count < 0) return fail("recv", count);
      if (count == 0) break;
      take(part, ByteView(buffer).first(static_cast<std::size_t>(count)));
      app.received(ByteView(buffer).first(static_cast<std::size_t>(count)));
      last_byte_ns_ = app.platform().now_ns();
    }
    part.ended = true;
  }

  void run_client(unsigned index, Application& app) override {
    stack::Sockets& sockets = app.sockets();
    const stack::IpAddress address = target_of(flow_, app);
    const SocketGuard connection(sockets,
                                 sockets.socket(family_of(flow_.ip), stack::SocketType::kStream));
    if (connection.get() < 0) return fail("socket", connection.get());
    const uint64_t now = app.platform().now_ns();
    first_connect_ns_ = std::min(first_connect_ns_, now);
    last_byte_ns_ = std::max(last_byte_ns_, now);
    const auto port = static_cast<uint16_t>(flow_.port + index);
    if (const int result = sockets.connect(connection.get(), {address, port}); result < 0) {
      return fail("connect", result);
    }
    const Part& part = parts_[index];
    std::vector<std::byte> buffer(std::min<uint64_t>(flow_.chunk_bytes, part.end - part.begin));
    for (uint64_t offset = part.begin; offset < part.end;) {
      const uint64_t piece = std::min<uint64_t>(part.end - offset, buffer.size());
      const ByteView bytes = source_.read(offset, MutableByteView(buffer).first(piece));
      const int64_t sent = sockets.send(connection.get(), bytes);
      if (sent <= 0) return fail("send", sent);
      offset += static_cast<uint64_t>(sent);
    }
    if (const int result = sockets.shutdown(connection.get(), stack::Shutdown::kWrite);
        result < 0) {
      return fail("shutdown", result);
    }
    // The peer's FIN: what was sent has arrived.
    std::byte end[1];
    if (const int64_t result = sockets.recv(connection.get(), end); result < 0) {
      return fail("recv", result);
    }
  }

  bool failed() const override { return !error_.empty(); }
  uint64_t bytes_done() const override { return received_; }
  uint64_t bytes_total() const override { return source_.size(); }

  FlowResult result() override {
    FlowResult result;
    result.name = flow_.name;
    result.kind = "flow";
    result.bytes = received_;
    result.goodput_bps = goodput_bps(received_, first_connect_ns_, last_byte_ns_);
    result.sha256 = received_sha256();
    result.intact = intact();
    return result;
  }

  std::vector<CheckResult> checks() override {
    CheckResult check;
    check.name = "flow." + flow_.name + ".intact";
    check.pass = intact() && sink_.error().empty();
    if (!error_.empty()) {
      check.detail = error_;
    } else if (!sink_.error().empty()) {
      check.detail = sink_.error();
    } else if (!check.pass) {
      check.detail = std::to_string(received_) + " of " + std::to_string(source_.size()) +
                     " bytes arrived" +
                     (received_ == source_.size() ? "; their SHA-256 differs" : "");
    } else {
      check.detail = "SHA-256 of " + std::to_string(received_) + " bytes agrees";
    }
    return {check};
  }

 private:
  struct Part {
    uint64_t begin = 0;
    uint64_t end = 0;
    uint64_t received = 0;
    bool ended = false;
  };

  void fail(const char* what, int64_t result) {
    if (error_.empty()) error_ = std::string(what) + ": " + errno_text(result);
  }

  void take(Part& part, ByteView bytes) {
    if (flow_.streams == 1) {
      sink_.take(bytes);
    } else {
      const uint64_t room = part.end - part.begin - std::min(part.received, part.end - part.begin);
      std::memcpy(received_bytes_.data() + part.begin + part.received, bytes.data(),
                  std::min<uint64_t>(room, bytes.size()));
    }
    part.received += bytes.size();
    received_ += bytes.size();
  }

  /// Ends hash and output file.
  const std::string& received_sha256() {
    if (flow_.streams > 1 && !sank_) sink_.take(received_bytes_);
    sank_ = true;
    return sink_.sha256();
  }

  bool intact() {
    for (const Part& part : parts_) {
      if (!part.ended || part.received != part.end - part.begin) return false;
    }
    return error_.empty() && received_sha256() == source_hash_.finish();
  }

  Flow flow_;
  ByteSource source_;
  SourceSha256 source_hash_;
  std::vector<Part> parts_;
  /// With several streams, which end in any order: what arrived, in its place.
  std::vector<std::byte> received_bytes_;
  bool sank_ = false;
  ReceivedBytes sink_;
  std::string error_;
  uint64_t received_ = 0;
  uint64_t first_connect_ns_ = driver::kForever;
  uint64_t last_byte_ns_ = 0;
};

}  // namespace

std::unique_ptr<TrafficTask> make_flow(const Flow& flow, uint64_t seed, Status* status) {
  if (flow.from_address) return make_incoming_flow(flow, status);
  ByteSource source;
  if (flow.file) {
    *status = ByteSource::open(*flow.file, &source);
    if (!status->ok()) return nullptr;
  } else {
    source = ByteSource::seeded(seed, flow.size_bytes);
  }
  if (flow.to_address) return make_outgoing_flow(flow, std::move(source));
  return std::make_unique<FlowTask>(flow, std::move(source));
}

}  // namespace ringside::tb
