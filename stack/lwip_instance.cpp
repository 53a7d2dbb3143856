// SPDX-License-Identifier: Apache-2.0
// See lwip_instance.h.
#include "stack/lwip_instance.h"

namespace ringside::stack {

LwipInstance* LwipInstance::current_ = nullptr;

std::unique_ptr<LwipInstance> LwipInstance::load(std::string* error) {
  LwipImage* const image = LwipImage::next(error);
  if (image == nullptr) return nullptr;
  return std::unique_ptr<LwipInstance>(new LwipInstance(*image));
}

LwipInstance::LwipInstance(LwipImage& image)
    : image_(image), state_(std::make_unique_for_overwrite<std::byte[]>(image.initial().size())) {
  copy_variables(image.initial().data(), state_.get(), image.initial().size());
}

LwipInstance::~LwipInstance() {
  if (image_.active == this) image_.active = nullptr;
}

void LwipInstance::swap_in() {
  const std::span<std::byte> variables = image_.variables();
  if (image_.active != nullptr) {
    copy_variables(variables.data(), image_.active->state_.get(), variables.size());
  }
  copy_variables(state_.get(), variables.data(), variables.size());
  image_.active = this;
}

}  // namespace ringside::stack
