// SPDX-License-Identifier: Apache-2.0
// A card in RTL as the bridge sees it: pins, and a way to let them settle.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/status.h"
#include "hw_model/rtl_bridge/card_pins.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// One instance of the hardware. Not reset: that is done by its pins.
class VerilatedCard {
 public:
  virtual ~VerilatedCard() = default;
  virtual const CardPins& pins() const = 0;
  /// Outputs follow inputs; registers follow a rising clk.
  virtual void eval() = 0;
  /// Everything that the hardware holds, pins included, as bytes: equal images, equal states.
  virtual void image(std::vector<std::byte>* bytes) const = 0;
  /// Begins the FST file `path`. Fails, in words without the path, if it cannot be made, or if this
  /// build of the card has no such part.
  virtual Status record_waves(const std::string& path) = 0;
  /// Ends the file.
  virtual void finish_waves() {}
  /// The state that just settled is of `time_ps`, which grows from call to call, and belongs in the
  /// file, if there is one.
  virtual void dump_waves(TimePs /*time_ps*/) {}
  /// Assertions of the RTL that failed since the start. Their messages are on standard error.
  virtual unsigned failed_assertions() const = 0;
  /// Not one of those that a card may leave out and this one does.
  virtual bool has_pin(const std::string& /*name*/) const { return true; }
  /// It has a management bus, at which firmware works. One without does everything by itself.
  virtual bool has_management() const { return true; }
  /// It reports what it decides, so that the core can follow it.
  virtual bool has_trace() const { return true; }
};

struct VerilatedCardOptions {
  bool waves = false;  ///< the build that can write them, which is slower
};

/// The card of hw_model/rtl.
std::unique_ptr<VerilatedCard> make_verilated_card(const VerilatedCardOptions& options);

}  // namespace ringside::hw
