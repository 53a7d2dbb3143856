// SPDX-License-Identifier: Apache-2.0
// What `ringside measure` reads and prints, whatever it measures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ringside::tb {

/// A row's values, as text that is a number or a word.
using MeasureRow = std::vector<std::string>;

/// A line of `columns`, or of a row's values.
std::string measure_csv_header(std::span<const char* const> columns);
std::string measure_csv_row(const MeasureRow& row);
/// A line of `columns`, then a line for each row.
std::string measure_csv(std::span<const char* const> columns, const std::vector<MeasureRow>& rows);
/// An array of an object for each row; values that are numbers are numbers.
std::string measure_json(std::span<const char* const> columns, const std::vector<MeasureRow>& rows);

/// Bytes, as a plain number or with a unit. 0: neither, or not from `least` to `most`.
uint32_t measure_size(const std::string& text, uint32_t least, uint32_t most);

}  // namespace ringside::tb
