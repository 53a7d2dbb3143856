// SPDX-License-Identifier: Apache-2.0
// See outside_flow.h.
#include "testbench/apps/outside_flow.h"

#include <algorithm>
#include <utility>

#include "testbench/apps/received_bytes.h"

namespace ringside::tb {

namespace {

constexpr std::size_t kReceiveBytes = 65536;

/// What both directions share: how many bytes in which time, and what went wrong.
class OutsideFlowTask : public TrafficTask {
 public:
  explicit OutsideFlowTask(const Flow& flow) : flow_(flow) {}
  bool failed() const override { return !error_.empty(); }
  uint64_t bytes_done() const override { return bytes_; }

 protected:
  void fail(const char* what, int64_t result) {
    if (error_.empty()) error_ = std::string(what) + ": " + errno_text(result);
  }
  FlowResult result_with(const std::string& sha256, bool intact, bool compared) const {
    FlowResult result;
    result.name = flow_.name;
    result.kind = "flow";
    result.bytes = bytes_;
    result.goodput_bps = goodput_bps(bytes_, begin_ns_, end_ns_);
    result.sha256 = sha256;
    result.intact = intact;
    result.compared = compared;
    return result;
  }

  Flow flow_;
  std::string error_;
  uint64_t bytes_ = 0;
  uint64_t begin_ns_ = 0;
  uint64_t end_ns_ = 0;
  bool closed_ = false;  ///< by both sides, in good order
};

class OutgoingFlowTask : public OutsideFlowTask {
 public:
  OutgoingFlowTask(const Flow& flow, ByteSource source)
      : OutsideFlowTask(flow), source_(std::move(source)), hash_(source_) {}

  void run_client(unsigned, Application& app) override {
    stack::Sockets& sockets = app.sockets();
    const SocketGuard connection(sockets,
                                 sockets.socket(family_of(flow_.ip), stack::SocketType::kStream));
    if (connection.get() < 0) return fail("socket", connection.get());
    begin_ns_ = app.platform().now_ns();
    if (const int result = sockets.connect(connection.get(), {target_of(flow_, app), flow_.port});
        result < 0) {
      return fail("connect", result);
    }
    std::vector<std::byte> buffer(std::min<uint64_t>(flow_.chunk_bytes, source_.size()));
    while (bytes_ < source_.size()) {
      const uint64_t piece = std::min<uint64_t>(source_.size() - bytes_, buffer.size());
      const ByteView bytes = source_.read(bytes_, MutableByteView(buffer).first(piece));
      const int64_t sent = sockets.send(connection.get(), bytes);
      if (sent <= 0) return fail("send", sent);
      bytes_ += static_cast<uint64_t>(sent);
    }
    if (const int result = sockets.shutdown(connection.get(), stack::Shutdown::kWrite);
        result < 0) {
      return fail("shutdown", result);
    }
    // Until the peer's FIN: it has read all, if it is an orderly program. What it says is passed
    // over.
    std::vector<std::byte> answer(kReceiveBytes);
    for (;;) {
      const int64_t count = sockets.recv(connection.get(), answer);
      if (count < 0) return fail("recv", count);
      if (count == 0) break;
    }
    end_ns_ = app.platform().now_ns();
    closed_ = true;
  }

  uint64_t bytes_total() const override { return source_.size(); }
  FlowResult result() override { return result_with(hash_.finish(), closed_, false); }

  std::vector<CheckResult> checks() override {
    CheckResult check;
    check.name = "flow." + flow_.name + ".sent";
    check.pass = closed_;
    check.detail = std::to_string(bytes_) + " of " + std::to_string(source_.size()) +
                   " bytes sent" + (closed_ ? "; the other side has closed" : "");
    if (!error_.empty()) check.detail += "; " + error_;
    return {check};
  }

 private:
  ByteSource source_;
  SourceSha256 hash_;
};

class IncomingFlowTask : public OutsideFlowTask {
 public:
  IncomingFlowTask(const Flow& flow, std::optional<ByteSource> expected)
      : OutsideFlowTask(flow), expected_(std::move(expected)), sink_(flow.output) {
    if (expected_) expected_hash_.emplace(*expected_);
  }

  unsigned servers() const override { return 1; }
  bool servers_end() const override { return true; }
  unsigned clients() const override { return 0; }
  void run_client(unsigned, Application&) override {}

  void serve(unsigned, Application& app, const std::function<void()>& ready) override {
    stack::Sockets& sockets = app.sockets();
    const stack::Family family = family_of(flow_.ip);
    const SocketGuard listener(sockets, sockets.socket(family, stack::SocketType::kStream));
    int result = listener.get();
    if (result >= 0) {
      result = sockets.bind(listener.get(), stack::SocketAddress::any(family, flow_.port));
    }
    if (result >= 0) result = sockets.listen(listener.get(), 1);
    ready();
    if (result < 0) return fail("listen", result);
    for (bool expected = false; !expected;) {
      stack::SocketAddress from;
      const SocketGuard connection(sockets, sockets.accept(listener.get(), &from));
      if (connection.get() < 0) return fail("accept", connection.get());
      // Others are turned away.
      expected = from.ip == stack_address(*flow_.from_address);
      if (expected) take(app, connection.get());
    }
  }

  FlowResult result() override {
    return result_with(sink_.sha256(), complete(), expected_.has_value());
  }

  std::vector<CheckResult> checks() override {
    CheckResult check;
    check.name = "flow." + flow_.name + (expected_ ? ".intact" : ".received");
    check.pass = complete() && sink_.error().empty();
    check.detail = std::to_string(bytes_) + " bytes arrived";
    if (!error_.empty()) {
      check.detail += "; " + error_;
    } else if (!sink_.error().empty()) {
      check.detail = sink_.error();
    } else if (!closed_) {
      check.detail += "; the other side has not closed";
    } else if (expected_) {
      check.detail += check.pass ? "; their SHA-256 agrees" : "; they are not those of the file";
    }
    return {check};
  }

 private:
  void take(Application& app, int connection) {
    begin_ns_ = app.platform().now_ns();
    std::vector<std::byte> buffer(kReceiveBytes);
    for (;;) {
      const int64_t count = app.sockets().recv(connection, buffer);
      if (count < 0) return fail("recv", count);
      end_ns_ = app.platform().now_ns();
      if (count == 0) break;
      const ByteView bytes = ByteView(buffer).first(static_cast<std::size_t>(count));
      sink_.take(bytes);
      app.received(bytes);
      bytes_ += bytes.size();
    }
    closed_ = true;
  }
  bool complete() {
    if (!closed_ || !error_.empty()) return false;
    return !expected_ ||
           (bytes_ == expected_->size() && sink_.sha256() == expected_hash_->finish());
  }

  std::optional<ByteSource> expected_;
  std::optional<SourceSha256> expected_hash_;
  ReceivedBytes sink_;
};

}  // namespace

std::unique_ptr<TrafficTask> make_outgoing_flow(const Flow& flow, ByteSource source) {
  return std::make_unique<OutgoingFlowTask>(flow, std::move(source));
}

std::unique_ptr<TrafficTask> make_incoming_flow(const Flow& flow, Status* status) {
  std::optional<ByteSource> expected;
  if (flow.file) {
    *status = ByteSource::open(*flow.file, &expected.emplace());
    if (!status->ok()) return nullptr;
  }
  return std::make_unique<IncomingFlowTask>(flow, std::move(expected));
}

}  // namespace ringside::tb
