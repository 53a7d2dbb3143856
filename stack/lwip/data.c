/* SPDX-License-Identifier: Apache-2.0
 * Received data as the outside queues it: pbufs linked by `next`, in all more than 64 KiB, so that
 * only `len` of each counts (tot_len has 16 bits). */
#include <string.h>

#include "stack/lwip/internal.h"

static struct pbuf* unlink_first(struct pbuf* first) {
  struct pbuf* rest = first->next;
  first->next = NULL;
  first->tot_len = first->len;
  pbuf_free(first);
  return rest;
}

void ringside_data_append(struct LwipData* data, void* chain, uint32_t size) {
  struct pbuf* last = chain;
  while (last->next != NULL) {
    last = last->next;
  }
  if (data->head == NULL) {
    data->head = chain;
  } else {
    ((struct pbuf*)data->last)->next = chain;
  }
  data->last = last;
  data->size += size;
}

uint32_t ringside_data_copy(const struct LwipData* data, void* to, uint32_t size) {
  uint32_t copied = 0;
  for (const struct pbuf* p = data->head; p != NULL && copied < size; p = p->next) {
    const uint32_t part = LWIP_MIN(p->len, size - copied);
    memcpy((u8_t*)to + copied, p->payload, part);
    copied += part;
  }
  return copied;
}

void ringside_data_consume(struct LwipData* data, uint32_t size) {
  struct pbuf* p = data->head;
  data->size -= LWIP_MIN(size, data->size);
  while (p != NULL && size >= p->len) {
    size -= p->len;
    p = unlink_first(p);
  }
  if (p != NULL && size > 0) {
    p->payload = (u8_t*)p->payload + size;
    p->len = (u16_t)(p->len - size);
    p->tot_len = p->len;
  }
  data->head = p;
  if (p == NULL) {
    data->last = NULL;
  }
}

void ringside_chain_free(void* chain) {
  for (struct pbuf* p = chain; p != NULL;) {
    p = unlink_first(p);
  }
}
