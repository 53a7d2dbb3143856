/* SPDX-License-Identifier: Apache-2.0
 * The bytes of lwIP's shared object inside this library, so that nothing needs to be found later. */
    .section .rodata
    .balign 16
    .global ringside_lwip_image
    .global ringside_lwip_image_end
    .hidden ringside_lwip_image
    .hidden ringside_lwip_image_end
ringside_lwip_image:
    .incbin RINGSIDE_LWIP_IMAGE
ringside_lwip_image_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
