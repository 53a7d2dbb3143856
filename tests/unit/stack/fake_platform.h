// SPDX-License-Identifier: Apache-2.0
// FakePlatform: driver::Platform over World. Charges are counted, and cost no time.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "host_driver/platform.h"
#include "tests/unit/stack/fiber.h"

namespace ringside::test {

class FakePlatform final : public driver::Platform {
 public:
  explicit FakePlatform(World& world) : world_(world) {}
  World& world() { return world_; }
  uint64_t charged(driver::Cost cost) const { return charged_[static_cast<std::size_t>(cost)]; }
  const std::vector<std::string>& messages() const { return messages_; }

  uint64_t now_ns() override { return world_.now_ns(); }
  void charge(driver::Cost cost, uint64_t count) override {
    charged_[static_cast<std::size_t>(cost)] += count;
  }
  std::unique_ptr<driver::Timer> make_timer(driver::Callback callback, void* context) override;
  std::unique_ptr<driver::Work> make_work(driver::WorkContext where, driver::Callback callback,
                                          void* context) override;
  std::unique_ptr<driver::WaitQueue> make_wait_queue() override;
  std::unique_ptr<driver::Lock> make_lock() override;
  void sleep_until(uint64_t deadline_ns) override { world_.sleep_until(deadline_ns); }
  bool in_process() override { return Fiber::current() != nullptr; }
  uint64_t random() override {
    return random_ = random_ * 6364136223846793005u + 1442695040888963407u;
  }
  void log(driver::LogLevel, std::string_view message) override { messages_.emplace_back(message); }

 private:
  World& world_;
  std::array<uint64_t, static_cast<std::size_t>(driver::Cost::kCount)> charged_{};
  std::vector<std::string> messages_;
  uint64_t random_ = 1;
};

}  // namespace ringside::test
