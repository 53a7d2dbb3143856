// SPDX-License-Identifier: Apache-2.0
// What an FST file says, with the reader that Verilator brings along: link ringside_verilated.
#pragma once

#include <gtkwave/fstapi.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ringside::test {

/// Full names as views have them ("TOP.trace_valid[9:0]"), and when signals changed.
struct FstFile {
  explicit FstFile(const std::string& path) {
    void* file = fstReaderOpen(path.c_str());
    if (file == nullptr) return;
    good = true;
    timescale = fstReaderGetTimescale(file);
    start = fstReaderGetStartTime(file);
    end = fstReaderGetEndTime(file);
    std::string scope;
    while (const fstHier* entry = fstReaderIterateHier(file)) {
      if (entry->htyp == FST_HT_SCOPE) {
        scope += std::string(entry->u.scope.name) + ".";
      } else if (entry->htyp == FST_HT_UPSCOPE) {
        scope.erase(scope.rfind('.', scope.size() - 2) + 1);
      } else if (entry->htyp == FST_HT_VAR) {
        std::string name = entry->u.var.name;
        std::erase(name, ' ');
        handles[scope + name] = entry->u.var.handle;
      }
    }
    fstReaderSetFacProcessMaskAll(file);
    fstReaderIterBlocks(
        file,
        [](void* self, uint64_t time, fstHandle handle, const unsigned char* value) {
          static_cast<FstFile*>(self)->changes[handle].emplace_back(
              time, reinterpret_cast<const char*>(value));
        },
        this, nullptr);
    fstReaderClose(file);
  }
  bool good = false;  ///< it is one
  int timescale = 0;  ///< power of ten of a second
  uint64_t start = 0;
  uint64_t end = 0;
  std::map<std::string, fstHandle> handles;
  std::map<fstHandle, std::vector<std::pair<uint64_t, std::string>>> changes;
};

}  // namespace ringside::test
