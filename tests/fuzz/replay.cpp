// SPDX-License-Identifier: Apache-2.0
// main() of a fuzz target without libFuzzer: its corpus, then seeded mutations of it.
//   fuzz_NAME CORPUS [MUTATIONS [SEED]]
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "formats/random.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<uint8_t>;

constexpr uint64_t kMutations = 2000;

std::vector<Input> load(const std::filesystem::path& corpus) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Input> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

/// Flips, overwrites, repeats, cuts, or takes the tail of another input.
Input mutate(const std::vector<Input>& corpus, ringside::SplitMix64& random) {
  Input input = corpus[random.next() % corpus.size()];
  for (uint64_t left = 1 + random.next() % 8; left != 0; --left) {
    const std::size_t at = input.empty() ? 0 : random.next() % input.size();
    switch (random.next() % 5) {
      case 0:
        if (!input.empty()) input[at] ^= static_cast<uint8_t>(1U << (random.next() % 8));
        break;
      case 1:
        if (!input.empty()) input[at] = static_cast<uint8_t>(random.next());
        break;
      case 2: {
        const Input piece(input.begin() + static_cast<std::ptrdiff_t>(at), input.end());
        input.insert(input.end(), piece.begin(), piece.end());
        break;
      }
      case 3:
        input.resize(at);
        break;
      default: {
        const Input& other = corpus[random.next() % corpus.size()];
        const std::size_t from = other.empty() ? 0 : random.next() % other.size();
        input.resize(at);
        input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      }
    }
    if (input.size() > 65536) input.resize(65536);
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: %s CORPUS [MUTATIONS [SEED]]\n", argv[0]);
    return 2;
  }
  const std::vector<Input> corpus = load(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no inputs in %s\n", argv[0], argv[1]);
    return 2;
  }
  const uint64_t mutations = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : kMutations;
  ringside::SplitMix64 random(argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1);
  for (const Input& input : corpus) LLVMFuzzerTestOneInput(input.data(), input.size());
  for (uint64_t i = 0; i < mutations; ++i) {
    const Input input = mutate(corpus, random);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%zu inputs and %llu mutations\n", corpus.size(),
              static_cast<unsigned long long>(mutations));
  return 0;
}
