// SPDX-License-Identifier: Apache-2.0
// See measure_table.h.
#include "testbench/cli/measure_table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "testbench/scenario/quantity.h"

namespace ringside::tb {

std::string measure_csv_header(std::span<const char* const> columns) {
  return fmt::format("{}\n", fmt::join(columns, ","));
}

std::string measure_csv_row(const MeasureRow& row) {
  return fmt::format("{}\n", fmt::join(row, ","));
}

std::string measure_csv(std::span<const char* const> columns, const std::vector<MeasureRow>& rows) {
  std::string text = measure_csv_header(columns);
  for (const MeasureRow& row : rows) text += measure_csv_row(row);
  return text;
}

std::string measure_json(std::span<const char* const> columns,
                         const std::vector<MeasureRow>& rows) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const MeasureRow& row : rows) {
    nlohmann::ordered_json object;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const nlohmann::json number = nlohmann::json::parse(row[i], nullptr, false);
      if (number.is_number()) {
        object[columns[i]] = number;
      } else {
        object[columns[i]] = row[i];
      }
    }
    array.push_back(std::move(object));
  }
  return array.dump(2) + "\n";
}

uint32_t measure_size(const std::string& text, uint32_t least, uint32_t most) {
  const bool plain = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  const QuantityResult size = parse_quantity(Quantity::kSize, plain ? text + "B" : text);
  const bool good = size.error == QuantityError::kNone && size.value >= least && size.value <= most;
  return good ? static_cast<uint32_t>(size.value) : 0;
}

}  // namespace ringside::tb
