/* SPDX-License-Identifier: Apache-2.0
 * Registers of the management block, read into an event and written from a command. */
#include "firmware/window.h"

static uint32_t get(const struct rs_bus* bus, uint32_t offset) {
  return bus->read(bus->context, offset);
}

/* Two registers, the low half first. */
static uint64_t get64(const struct rs_bus* bus, uint32_t offset) {
  const uint64_t low = get(bus, offset);
  return low | (uint64_t)get(bus, offset + 4) << 32;
}

static void get_bytes(const struct rs_bus* bus, uint32_t offset, uint8_t* bytes, unsigned count) {
  uint32_t word = 0;
  unsigned i;
  for (i = 0; i < count; ++i) {
    if (i % 4 == 0) word = get(bus, offset + i);
    bytes[i] = (uint8_t)(word >> (8 * (i % 4)));
  }
}

static void put(const struct rs_bus* bus, uint32_t offset, uint32_t value) {
  bus->write(bus->context, offset, value);
}

static void put64(const struct rs_bus* bus, uint32_t offset, uint64_t value) {
  put(bus, offset, (uint32_t)value);
  put(bus, offset + 4, (uint32_t)(value >> 32));
}

/* `count` is a multiple of 4. */
static void put_bytes(const struct rs_bus* bus, uint32_t offset, const uint8_t* bytes,
                      unsigned count) {
  unsigned i;
  for (i = 0; i < count; i += 4) {
    put(bus, offset + i,
        (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8 | (uint32_t)bytes[i + 2] << 16 |
            (uint32_t)bytes[i + 3] << 24);
  }
}

#define FIELD(value, name) (((value)&name##_MASK) >> name##_SHIFT)
#define PLACE(value, name) (((uint32_t)(value) << name##_SHIFT) & name##_MASK)

static void read_identity(const struct rs_bus* bus, struct rs_identity* identity) {
  const uint32_t queues = get(bus, RS_MGMT_QUEUES);
  identity->features = get64(bus, RS_MGMT_FEATURES_LO);
  get_bytes(bus, RS_MGMT_MAC_LO, identity->mac, 6);
  identity->mtu = (uint16_t)FIELD(get(bus, RS_MGMT_MTU), RS_MGMT_MTU_BYTES);
  identity->queue_size_max = (uint16_t)FIELD(queues, RS_MGMT_QUEUES_SIZE_MAX);
  identity->queue_pairs = (uint16_t)FIELD(queues, RS_MGMT_QUEUES_PAIRS);
}

static void read_link(const struct rs_bus* bus, struct rs_link* link) {
  link->speed_mbps = get(bus, RS_MGMT_EVENT_LINK_SPEED);
  link->up = (uint8_t)FIELD(get(bus, RS_MGMT_EVENT_LINK), RS_MGMT_EVENT_LINK_UP);
}

static void read_context(const struct rs_bus* bus, struct rs_queue_context* context) {
  const uint32_t ring = get(bus, RS_MGMT_EVENT_RING);
  context->desc = get64(bus, RS_MGMT_EVENT_DESC_LO);
  context->driver = get64(bus, RS_MGMT_EVENT_DRIVER_LO);
  context->device = get64(bus, RS_MGMT_EVENT_DEVICE_LO);
  context->size = (uint16_t)FIELD(ring, RS_MGMT_EVENT_RING_SIZE);
  context->index = (uint16_t)FIELD(ring, RS_MGMT_EVENT_RING_INDEX);
  context->resumed =
      (uint16_t)FIELD(get(bus, RS_MGMT_EVENT_RESUMED), RS_MGMT_EVENT_RESUMED_RESUMED);
}

static uint16_t read_queue(const struct rs_bus* bus) {
  return (uint16_t)FIELD(get(bus, RS_MGMT_EVENT_QUEUE), RS_MGMT_EVENT_QUEUE_QUEUE);
}

int rs_read_event(const struct rs_bus* bus, struct rs_event* event) {
  const struct rs_event nothing = {0};
  uint32_t bytes;
  *event = nothing;
  event->kind = get(bus, RS_MGMT_EVENT_KIND);
  if (event->kind == RS_EVENT_NONE) return 0;
  event->sequence = get(bus, RS_MGMT_EVENT_SEQUENCE);
  switch (event->kind) {
    case RS_EVENT_POWER_ON:
      read_identity(bus, &event->identity);
      read_link(bus, &event->link);
      break;
    case RS_EVENT_STATUS_WRITE:
      event->value = get(bus, RS_MGMT_EVENT_VALUE);
      event->driver_features = get64(bus, RS_MGMT_EVENT_FEATURES_LO);
      event->features_beyond =
          (uint16_t)FIELD(get(bus, RS_MGMT_EVENT_QUEUE), RS_MGMT_EVENT_QUEUE_FEATURES_BEYOND);
      break;
    case RS_EVENT_QUEUE_ENABLE:
      event->value = get(bus, RS_MGMT_EVENT_VALUE);
      event->queue = read_queue(bus);
      read_context(bus, &event->context);
      break;
    case RS_EVENT_LINK:
      read_link(bus, &event->link);
      break;
    case RS_EVENT_DEVICE_ERROR:
      event->value = get(bus, RS_MGMT_EVENT_VALUE);
      event->queue = read_queue(bus);
      break;
    case RS_EVENT_CONTROL:
      event->value = get(bus, RS_MGMT_EVENT_VALUE);
      event->queue = read_queue(bus);
      bytes = event->value < RS_CONTROL_BYTES ? event->value : RS_CONTROL_BYTES;
      get_bytes(bus, RS_MGMT_EVENT_CONTROL, event->control, bytes);
      break;
    default:
      break;
  }
  return 1;
}

void rs_pop_event(const struct rs_bus* bus) {
  put(bus, RS_MGMT_EVENT_POP, PLACE(1, RS_MGMT_EVENT_POP_POP));
}

static void write_queue(const struct rs_bus* bus, uint16_t queue) {
  put(bus, RS_MGMT_COMMAND_QUEUE, PLACE(queue, RS_MGMT_COMMAND_QUEUE_QUEUE));
}

static void write_context(const struct rs_bus* bus, const struct rs_queue_context* context) {
  put64(bus, RS_MGMT_COMMAND_DESC_LO, context->desc);
  put64(bus, RS_MGMT_COMMAND_DRIVER_LO, context->driver);
  put64(bus, RS_MGMT_COMMAND_DEVICE_LO, context->device);
  put(bus, RS_MGMT_COMMAND_RING,
      PLACE(context->size, RS_MGMT_COMMAND_RING_SIZE) |
          PLACE(context->index, RS_MGMT_COMMAND_RING_INDEX));
  put(bus, RS_MGMT_COMMAND_RESUMED, PLACE(context->resumed != 0, RS_MGMT_COMMAND_RESUMED_RESUMED));
}

void rs_write_command(const struct rs_bus* bus, const struct rs_command* command) {
  put(bus, RS_MGMT_COMMAND_SEQUENCE, command->sequence);
  switch (command->kind) {
    case RS_COMMAND_OFFER:
    case RS_COMMAND_NEGOTIATED:
      put64(bus, RS_MGMT_COMMAND_FEATURES_LO, command->features);
      break;
    case RS_COMMAND_DEVICE_CONFIG:
      put_bytes(bus, RS_MGMT_COMMAND_CONFIG, command->config, RS_DEVICE_CONFIG_BYTES);
      break;
    case RS_COMMAND_STATUS:
    case RS_COMMAND_CONTROL_REPLY:
    case RS_COMMAND_ACTIVE_PAIRS:
      put(bus, RS_MGMT_COMMAND_VALUE, command->value);
      break;
    case RS_COMMAND_QUEUE_CONTEXT:
      write_queue(bus, command->queue);
      write_context(bus, &command->context);
      break;
    case RS_COMMAND_QUEUE_ACKNOWLEDGE:
      write_queue(bus, command->queue);
      break;
    default:
      break;
  }
  put(bus, RS_MGMT_COMMAND_GO, command->kind);
}
