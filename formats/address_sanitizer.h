// SPDX-License-Identifier: Apache-2.0
// Whether AddressSanitizer is on, as GCC and as Clang say it.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define RINGSIDE_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RINGSIDE_ADDRESS_SANITIZER 1
#endif
#endif
