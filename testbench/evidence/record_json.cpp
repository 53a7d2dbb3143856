// SPDX-License-Identifier: Apache-2.0
// See record_json.h.
#include "testbench/evidence/record_json.h"

#include <nlohmann/json.hpp>
#include <string>

#include "hw_model/trace/trace_fields.h"
#include "hw_model/trace/trace_text.h"

namespace ringside::tb {

void add_record(const hw::TraceCard& card, const hw::TraceRecord& record,
                nlohmann::ordered_json& json) {
  const unsigned fields = hw::trace_fields(record.kind);
  json["time_ps"] = record.time_ps;
  json["nic"] = card.name;
  json["kind"] = name_of(record.kind);
  if (const std::string queue = hw::queue_name(card, record); !queue.empty()) {
    json["queue"] = queue;
  }
  if ((fields & hw::trace_field::kPurpose) != 0) json["purpose"] = name_of(record.purpose);
  if ((fields & hw::trace_field::kId) != 0) json["id"] = record.id;
  if ((fields & hw::trace_field::kChain) != 0) json["chain"] = record.chain;
  if ((fields & hw::trace_field::kFrame) != 0) json["frame"] = record.frame;
  if ((fields & hw::trace_field::kSize) != 0) json["size"] = record.size;
  if ((fields & hw::trace_field::kAddress) != 0) json["address"] = record.address;
  if ((fields & hw::trace_field::kValue) != 0) {
    json["value"] = record.value;
    if (const std::string name = hw::value_name(record); !name.empty()) json["value_name"] = name;
  }
}

}  // namespace ringside::tb
