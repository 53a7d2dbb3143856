// SPDX-License-Identifier: Apache-2.0
// See difference_output.h.
#include "testbench/cli/difference_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "testbench/report/difference_report.h"

namespace ringside::tb {

void report_difference(const Scenario& scenario, const RunContext& context,
                       const std::function<void(const std::string&)>& failed, RunResult& result) {
  const std::string folder = std::string(kDifferenceFolder) + "/";
  std::vector<std::string> others;
  for (const std::string& file : result.files) {
    const std::string name = file.substr(std::min(file.size(), folder.size()));
    const bool here =
        file.starts_with(folder) && name != kDifferenceTextName && name != kDifferenceJsonName;
    if (here) others.push_back(name);
  }
  for (const char* name : {kDifferenceTextName, kDifferenceJsonName}) {
    const std::string file = folder + name;
    const auto text = name == kDifferenceTextName ? difference_text : difference_json;
    const std::string why = write_whole(context.out_dir + "/" + file,
                                        text(scenario, *result.difference, context, others));
    if (!why.empty()) {
      result.file_errors.push_back(fmt::format("{}: {}", file, why));
      failed(result.file_errors.back());
    } else if (std::find(result.files.begin(), result.files.end(), file) == result.files.end()) {
      result.files.push_back(file);
    }
  }
}

}  // namespace ringside::tb
