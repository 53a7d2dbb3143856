/* SPDX-License-Identifier: Apache-2.0
 * The control plane compiled for the host, as the table that the card's model takes. */
#ifndef RINGSIDE_FIRMWARE_NATIVE_H
#define RINGSIDE_FIRMWARE_NATIVE_H

#include "hw_model/registers/management_bus.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The same table at every call; it lives for ever. */
const struct rs_firmware_ops* rs_firmware_native(void);

#ifdef __cplusplus
}
#endif

#endif
