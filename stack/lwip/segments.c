/* SPDX-License-Identifier: Apache-2.0
 * Memory of TCP's segments, side by side: for each segment that lwIP sends it walks through all
 * that are not acknowledged yet. Beside their payload each would lie on a page of its own, and with
 * many hosts none of them is in the caches. */
#include "formats/address_sanitizer.h"
#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "stack/lwip/internal.h"

#if defined(RINGSIDE_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* Two in a line of the processor's caches. */
union Segment {
  struct tcp_seg used;
  union Segment* next;
};
_Static_assert(sizeof(union Segment) == 32, "a segment");

/* A block stays with the stack until its end, as all that MemoryPool gave. */
enum { kBlockBytes = 4096, kLineBytes = 64 };

static union Segment* free_segments;

static int more_segments(void) {
  char* const block = ringside_allocate(kBlockBytes);
  if (block == NULL) {
    return 0;
  }
  const size_t skip = -(uintptr_t)block % kLineBytes;
  union Segment* const segments = (union Segment*)(block + skip);
  const size_t count = (kBlockBytes - skip) / sizeof *segments;
  for (size_t i = 0; i < count; ++i) {
    segments[i].next = i + 1 < count ? &segments[i + 1] : NULL;
  }
  free_segments = segments;
  ASAN_POISON_MEMORY_REGION(block, kBlockBytes);
  return 1;
}

void* ringside_memp_malloc(memp_t type) {
  if (type != MEMP_TCP_SEG) {
    return memp_malloc(type);
  }
  if (free_segments == NULL && !more_segments()) {
    return NULL;
  }
  union Segment* const segment = free_segments;
  ASAN_UNPOISON_MEMORY_REGION(segment, sizeof *segment);
  free_segments = segment->next;
  return segment;
}

void ringside_memp_free(memp_t type, void* memory) {
  if (type != MEMP_TCP_SEG) {
    memp_free(type, memory);
    return;
  }
  union Segment* const segment = memory;
  segment->next = free_segments;
  free_segments = segment;
  ASAN_POISON_MEMORY_REGION(segment, sizeof *segment);
}
