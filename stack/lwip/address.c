/* SPDX-License-Identifier: Apache-2.0
 * Addresses and errors between the seam's form and lwIP's. */
#include <string.h>

#include "stack/lwip/internal.h"

int ringside_result(err_t error) {
  switch (error) {
    case ERR_OK:
      return kLwipOk;
    case ERR_MEM:
    case ERR_BUF:
    case ERR_WOULDBLOCK:
    case ERR_INPROGRESS:
      return kLwipNoMemory;
    case ERR_RTE:
      return kLwipNoRoute;
    case ERR_USE:
    case ERR_ALREADY:
      return kLwipInUse;
    case ERR_ISCONN:
      return kLwipIsConnected;
    case ERR_CONN:
      return kLwipNotConnected;
    case ERR_RST:
      return kLwipReset;
    case ERR_ABRT:
    case ERR_TIMEOUT:
      return kLwipAborted;
    case ERR_CLSD:
      return kLwipClosed;
    default:
      return kLwipInvalid;
  }
}

int ringside_to_ip(const struct LwipAddress* address, ip_addr_t* ip) {
  memset(ip, 0, sizeof *ip);
  if (address->family == 4) {
    u32_t v4;
    memcpy(&v4, address->bytes, 4);
    ip_addr_set_ip4_u32_val(*ip, v4);
    return 1;
  }
  if (address->family == 6) {
    IP_SET_TYPE_VAL(*ip, IPADDR_TYPE_V6);
    memcpy(ip_2_ip6(ip)->addr, address->bytes, 16);
    ip6_addr_assign_zone(ip_2_ip6(ip), IP6_UNKNOWN, &ringside_netif);
    return 1;
  }
  return 0;
}

int ringside_to_bind_ip(const struct LwipAddress* address, int v6_only, ip_addr_t* ip) {
  if (!ringside_to_ip(address, ip)) {
    return 0;
  }
  if (address->family == 6 && ip_addr_isany_val(*ip)) {
    ip6_addr_clear_zone(ip_2_ip6(ip));
    IP_SET_TYPE_VAL(*ip, v6_only ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY);
  }
  return 1;
}

void ringside_from_ip(const ip_addr_t* ip, u16_t port, struct LwipAddress* address) {
  memset(address, 0, sizeof *address);
  address->port = port;
  if (IP_IS_V4(ip)) {
    const u32_t v4 = ip4_addr_get_u32(ip_2_ip4(ip));
    address->family = 4;
    memcpy(address->bytes, &v4, 4);
  } else {
    address->family = 6;
    memcpy(address->bytes, ip_2_ip6(ip)->addr, 16);
  }
}

int ringside_is_local(const ip_addr_t* ip) {
  if (ip_addr_isany(ip)) {
    return 1;
  }
  if (IP_IS_V4(ip)) {
    return ip4_addr_isloopback(ip_2_ip4(ip)) ||
           ip4_addr_cmp(ip_2_ip4(ip), netif_ip4_addr(&ringside_netif));
  }
  return ip6_addr_isloopback(ip_2_ip6(ip)) ||
         netif_get_ip6_addr_match(&ringside_netif, ip_2_ip6(ip)) >= 0;
}

u8_t ringside_ip_type(int family) { return family == 6 ? IPADDR_TYPE_ANY : IPADDR_TYPE_V4; }
