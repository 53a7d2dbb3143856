// SPDX-License-Identifier: Apache-2.0
// What the core and the card it follows still owe each other, in words.
#include <fmt/format.h>

#include <algorithm>

#include "hw_model/diff/follower.h"

namespace ringside::hw {

std::vector<Demand> Follower::demands() const {
  std::vector<Demand> list;
  for (const Awaited& awaited : awaited_) {
    list.push_back({awaited.time_ps, "the record " + say(awaited.record)});
  }
  for (auto& [time_ps, what] : writes_.missing()) list.push_back({time_ps, std::move(what)});
  for (const Interrupt& interrupt : interrupts_) {
    list.push_back({interrupt.time_ps,
                    interrupt.message ? fmt::format("an INTx message to {}",
                                                    interrupt.value != 0 ? "assert" : "deassert")
                                      : fmt::format("an MSI-X message of {:#x} to {:#x}",
                                                    interrupt.value, interrupt.address)});
  }
  std::stable_sort(list.begin(), list.end(), [](const Demand& left, const Demand& right) {
    return left.since_ps < right.since_ps;
  });
  const auto add = [&list](std::string what) {
    list.push_back({Demand::kNotKnown, std::move(what)});
  };
  for (std::size_t queue = 0; queue < frames_expected_.size(); ++queue) {
    for (const FramePtr& frame : frames_expected_[queue]) {
      add(fmt::format("a sent frame of {} bytes of queue {}", frame->bytes.size(), queue));
    }
  }
  for (const FramePtr& frame : arrived_) {
    add(fmt::format("the record of what became of a frame of {} bytes that arrived",
                    frame->bytes.size()));
  }
  for (const rs_command& command : commands_) {
    TraceRecord record;
    record.kind = TraceKind::kManagementCommand;
    record.queue = TraceRecord::kNoQueue;
    record.value = command.kind;
    record.id = command.sequence;
    add("the record " + say(record));
  }
  for (const Pending& read : pending_) {
    add(fmt::format("the use of a read of {} bytes of {} of queue {} at {:#x}, chain {}", read.size,
                    name_of(read.purpose), read.queue, read.address, read.chain));
  }
  for (const Breaking& read : breaking_) {
    add(fmt::format("the record of the error that a read of {} bytes of {} of queue {} shows",
                    read.bytes.size(), name_of(read.purpose), read.queue));
  }
  if (empty_command_) {
    add(fmt::format("a management event for the empty command of queue {}, chain {}",
                    empty_command_->queue, empty_command_->chain));
  }
  for (const std::string& read : reads_.held()) add("the use of what the card reads: " + read);
  return list;
}

}  // namespace ringside::hw
