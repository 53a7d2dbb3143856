// SPDX-License-Identifier: Apache-2.0
// See loaded_card.h.
#include "hw_model/rtl_bridge/loaded_card.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/suggest.h"

namespace ringside::hw {

namespace {

// What card_pins.def says of widths and of outputs that a card need not have.
constexpr unsigned kDataBits = ~0U, kLaneBits = ~0U - 1;
constexpr uint64_t kNeeded = ~uint64_t{0};

/// Of the datapath: double words are whole, and StableCheck holds no more.
constexpr unsigned kLeastDataBits = 32, kMostDataBits = 512;
constexpr unsigned kMostTags = 1024;  // 10 bits
constexpr unsigned kLeastRing = 4, kLargestRing = 32768;

struct Destroy {
  void operator()(const ringside_card* card) const { card->destroy(card->self); }
};

class LoadedCard final : public VerilatedCard {
 public:
  LoadedCard(std::string name, const ringside_card* given)
      : name_(std::move(name)), given_(given), listed_(given->pins, given->pin_count) {}

  Status connect();

  const CardPins& pins() const override { return pins_; }
  void eval() override { given_->eval(given_->self); }
  void image(std::vector<std::byte>* bytes) const override {
    const auto* from = static_cast<const std::byte*>(given_->image);
    bytes->assign(from, from + given_->image_bytes);
  }
  Status record_waves(const std::string& path) override {
    if (given_->record_waves == nullptr) {
      return Status::failure(name_ + " has no part that writes waves");
    }
    return given_->record_waves(given_->self, path.c_str()) == 0
               ? Status::success()
               : Status::failure("cannot be written");
  }
  void finish_waves() override {
    if (given_->finish_waves != nullptr) given_->finish_waves(given_->self);
  }
  void dump_waves(TimePs time_ps) override {
    if (given_->dump_waves != nullptr) given_->dump_waves(given_->self, time_ps);
  }
  unsigned failed_assertions() const override { return given_->failed_assertions(given_->self); }
  bool has_pin(const std::string& name) const override { return has(name); }
  bool has_management() const override { return has("management_ready"); }
  bool has_trace() const override { return has("trace_valid") && has("trace_record"); }

 private:
  const ringside_card_pin* find(std::string_view name) const {
    const auto found = std::find_if(listed_.begin(), listed_.end(),
                                    [&](const auto& pin) { return name == pin.name; });
    return found == listed_.end() ? nullptr : &*found;
  }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  Status fault(const std::string& what) const { return Status::failure(name_ + ": " + what); }
  unsigned width(unsigned bits) const {
    if (bits == kDataBits) return data_bits_;
    return bits == kLaneBits ? static_cast<unsigned>(std::countr_zero(data_bits_ / 8)) : bits;
  }
  template <typename T>
  void bind(T** pin, const char* name, unsigned bits, bool output, uint64_t absent);
  Status check_data_width();
  Status check_names() const;
  Status check_build();

  const std::string name_;
  const std::unique_ptr<const ringside_card, Destroy> given_;
  const std::span<const ringside_card_pin> listed_;
  unsigned data_bits_ = 0;
  CardPins pins_;
  std::set<std::string_view> known_;
  std::string error_;  ///< the first
  std::vector<std::unique_ptr<uint64_t[]>> absent_;
};

/// Puts `pin` to the card's port, or to memory of our own that has what the port would say.
template <typename T>
void LoadedCard::bind(T** pin, const char* name, unsigned bits, bool output, uint64_t absent) {
  const unsigned wanted = width(bits);
  known_.insert(name);
  const ringside_card_pin* given = find(name);
  if (given == nullptr) {
    if (output && absent == kNeeded && error_.empty()) {
      error_ = fmt::format("no output {} of {} bits, which every card must have", name, wanted);
    }
    absent_.push_back(std::make_unique<uint64_t[]>((wanted + 63) / 64));
    *absent_.back().get() = absent == kDataBits ? data_bits_ : absent;
    *pin = reinterpret_cast<T*>(absent_.back().get());
    return;
  }
  *pin = static_cast<T*>(given->value);
  if (given->bits == wanted && (given->output != 0) == output) return;
  if (!error_.empty()) return;
  error_ = fmt::format("pin {} is an {} of {} bits; expected an {} of {}", name,
                       given->output != 0 ? "output" : "input", given->bits,
                       output ? "output" : "input", wanted);
}

/// That of the frames' bytes; other data pins are compared with it.
Status LoadedCard::check_data_width() {
  const ringside_card_pin* data = find("tx_data");
  if (data == nullptr) return fault("no output tx_data, which every card must have");
  data_bits_ = data->bits;
  if (std::has_single_bit(data_bits_) && data_bits_ >= kLeastDataBits &&
      data_bits_ <= kMostDataBits) {
    return Status::success();
  }
  return fault(
      fmt::format("pin tx_data has {} bits; expected 32, 64, 128, 256 or 512", data_bits_));
}

Status LoadedCard::check_names() const {
  for (const ringside_card_pin& pin : listed_) {
    if (known_.contains(pin.name)) continue;
    const std::vector<std::string> names(known_.begin(), known_.end());
    return fault(
        fmt::format("port {} is no pin of a card{}; docs/hardware/interfaces.md lists the pins",
                    pin.name, formats::suggestion(pin.name, names)));
  }
  return Status::success();
}

/// Outputs that are constants.
Status LoadedCard::check_build() {
  eval();
  const auto wrong = [this](const char* pin, uint32_t value, const char* expected) {
    return fault(fmt::format("{} is {}; expected {}", pin, value, expected));
  };
  if (*pins_.build_data_bits != data_bits_) {
    return wrong("build_data_bits", *pins_.build_data_bits, "the width of tx_data");
  }
  if (*pins_.build_queue_pairs == 0) return wrong("build_queue_pairs", 0, "1 or more");
  const uint32_t ring = *pins_.build_ring_limit;
  if (!std::has_single_bit(ring) || ring < kLeastRing || ring > kLargestRing) {
    return wrong("build_ring_limit", ring, "a power of two from 4 to 32768");
  }
  const uint32_t tags = *pins_.build_read_tags;
  if (tags == 0 || tags > kMostTags) return wrong("build_read_tags", tags, "1 to 1024");
  return Status::success();
}

Status LoadedCard::connect() {
  if (Status status = check_data_width(); !status.ok()) return status;
#define IN(type, name, bits) bind(&pins_.name, #name, bits, false, 0);
#define OUT(type, name, bits, absent) bind(&pins_.name, #name, bits, true, absent);
#define WIDE_IN(name, bits) bind(&pins_.name, #name, bits, false, 0);
#define WIDE_OUT(name, bits, absent) bind(&pins_.name, #name, bits, true, absent);
#include "hw_model/rtl_bridge/card_pins.def"
  if (Status status = check_names(); !status.ok()) return status;
  if (!has("clk")) return fault("no input clk, which every card must have");
  if (!error_.empty()) return fault(error_);
  return check_build();
}

/// What is wrong with a library that has no RINGSIDE_CARD_MAKE.
std::string other_version(void* library) {
  constexpr unsigned kVersions = 100;
  const std::string expected = RINGSIDE_CARD_MAKE;
  const std::string name = expected.substr(0, expected.rfind('_') + 1);
  for (unsigned version = 0; version < kVersions; ++version) {
    const std::string other = name + std::to_string(version);
    if (dlsym(library, other.c_str()) == nullptr) continue;
    return fmt::format("a card for another version of Ringside: it has {}; expected {}", other,
                       expected);
  }
  return fmt::format("no card: it has no function {}; expected a library of ringside_card()",
                     expected);
}

}  // namespace

Status adopt_card(const std::string& name, const ringside_card* given,
                  std::unique_ptr<VerilatedCard>* card) {
  auto loaded = std::make_unique<LoadedCard>(name, given);
  Status status = loaded->connect();
  if (status.ok()) *card = std::move(loaded);
  return status;
}

Status load_card(const std::string& library, std::unique_ptr<VerilatedCard>* card) {
  // A name without a slash would be looked for in the system's folders. Never closed, as libraries
  // of applications.
  const std::string path = library.find('/') == std::string::npos ? "./" + library : library;
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Status::failure(std::string("cannot load ") + dlerror());
  using Make = const ringside_card* (*)();
  const auto make = reinterpret_cast<Make>(dlsym(handle, RINGSIDE_CARD_MAKE));
  if (make == nullptr) {
    return Status::failure(library + ": " + other_version(handle));
  }
  const ringside_card* given = make();
  if (given == nullptr) return Status::failure(library + ": " RINGSIDE_CARD_MAKE "() gave no card");
  return adopt_card(library, given, card);
}

}  // namespace ringside::hw
