// SPDX-License-Identifier: Apache-2.0
// What a link's parameters must hold.
#include "hw_model/pcie/link_config.h"

#include <bit>
#include <string>

#include "hw_model/pcie/credit_account.h"

namespace ringside::hw {

namespace {

/// Empty, or what is wrong with the size.
std::string size_error(const char* name, uint32_t bytes) {
  if (std::has_single_bit(bytes) && bytes >= 128 && bytes <= 4096) return {};
  return std::string(name) + " is " + std::to_string(bytes) +
         " bytes; expected a power of two from 128 to 4096";
}

std::string credit_error(const std::string& receiver, const char* flow, const CreditLimit& limit,
                         uint32_t data_bytes) {
  const uint32_t least = data_credits(data_bytes);
  if (limit.data == 0 || limit.data >= least) return {};
  return receiver + " receiver: " + std::to_string(limit.data) + " " + flow +
         " data credits; expected 0 (no limit) or at least " + std::to_string(least) +
         ", one TLP of " + std::to_string(data_bytes) + " bytes";
}

std::string receiver_error(const std::string& receiver, const ReceiverConfig& config,
                           uint32_t mps) {
  std::string error = credit_error(receiver, "posted", config.posted, mps);
  // The only non-posted request with data is a configuration write.
  if (error.empty()) error = credit_error(receiver, "non-posted", config.non_posted, 4);
  if (error.empty()) error = credit_error(receiver, "completion", config.completion, mps);
  return error;
}

}  // namespace

Status check(const PcieLinkConfig& config) {
  if (config.generation < 1 || config.generation > 5) {
    return Status::failure("generation " + std::to_string(config.generation) + "; expected 1 to 5");
  }
  if (!std::has_single_bit(config.lanes) || config.lanes > 16) {
    return Status::failure(std::to_string(config.lanes) + " lanes; expected 1, 2, 4, 8 or 16");
  }
  std::string error = size_error("MPS", config.mps);
  if (error.empty()) error = size_error("MRRS", config.mrrs);
  if (error.empty() && config.rcb != 64 && config.rcb != 128) {
    error = "RCB is " + std::to_string(config.rcb) + " bytes; expected 64 or 128";
  }
  if (error.empty()) error = receiver_error("root's", config.root, config.mps);
  if (error.empty()) error = receiver_error("card's", config.card, config.mps);
  return Status::failure(error);
}

}  // namespace ringside::hw
