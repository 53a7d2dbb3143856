# SPDX-License-Identifier: Apache-2.0
# `cmake --install` and find_package(Ringside): libraries, headers, examples, and the program.
