# SPDX-License-Identifier: Apache-2.0
fuzz_target(vhost_message SOURCES vhost_message_fuzz.cpp ${PROJECT_SOURCE_DIR}/tests/unit/vhost/script.cpp
            LIBS ringside_vhost MAX_BYTES 2048)
