# SPDX-License-Identifier: Apache-2.0
# lwIP 2.1.3's sources, and ringside_lwip: lwIP with stack/lwip as one shared object that exports one
# function. NetworkStack carries its bytes and loads a copy per host.
set(RINGSIDE_LWIP_CACHE "$ENV{RINGSIDE_LWIP_CACHE}" CACHE PATH
    "Where fetched lwIP sources are kept, for several build folders")
if(NOT RINGSIDE_LWIP_CACHE)
  set(RINGSIDE_LWIP_CACHE ${PROJECT_SOURCE_DIR}/.cache/lwip CACHE PATH "" FORCE)
endif()

if(RINGSIDE_LWIP_DIR)
  set(lwip_dir ${RINGSIDE_LWIP_DIR})
else()
  set(lwip_dir ${RINGSIDE_LWIP_CACHE}/lwip-2.1.3)
  if(NOT EXISTS ${lwip_dir}/src/core/init.c)
    message(STATUS "Fetching lwIP 2.1.3 (Debian source package) to ${RINGSIDE_LWIP_CACHE}")
    execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/fetch_lwip.sh ${RINGSIDE_LWIP_CACHE}
                    RESULT_VARIABLE fetch_result ERROR_VARIABLE fetch_error)
    if(NOT fetch_result EQUAL 0)
      message(FATAL_ERROR "lwIP could not be fetched.\n${fetch_error}")
    endif()
  endif()
endif()
if(NOT EXISTS ${lwip_dir}/src/include/lwip/init.h)
  message(FATAL_ERROR "No lwIP sources in ${lwip_dir}: expected src/include/lwip/init.h")
endif()
file(STRINGS ${lwip_dir}/src/include/lwip/init.h lwip_version
     REGEX "define LWIP_VERSION_(MAJOR|MINOR|REVISION) ")
string(REGEX REPLACE "[^0-9;]" "" lwip_version "${lwip_version}")
if(NOT lwip_version STREQUAL "2;1;3")
  message(FATAL_ERROR "${lwip_dir} holds lwIP \"${lwip_version}\", expected 2;1;3")
endif()

set(core ${lwip_dir}/src/core)
# All of the core that the options use, without timeouts.c (stack/lwip/timers.c).
set(lwip_sources
  ${core}/def.c ${core}/inet_chksum.c ${core}/init.c ${core}/ip.c ${core}/mem.c ${core}/memp.c
  ${core}/netif.c ${core}/pbuf.c ${core}/raw.c ${core}/stats.c ${core}/tcp.c ${core}/tcp_in.c
  ${core}/tcp_out.c ${core}/udp.c ${core}/ipv4/etharp.c ${core}/ipv4/icmp.c ${core}/ipv4/ip4.c
  ${core}/ipv4/ip4_addr.c ${core}/ipv4/ip4_frag.c ${core}/ipv6/ethip6.c ${core}/ipv6/icmp6.c
  ${core}/ipv6/ip6.c ${core}/ipv6/ip6_addr.c ${core}/ipv6/ip6_frag.c ${core}/ipv6/nd6.c
  ${lwip_dir}/src/netif/ethernet.c)
set(glue ${PROJECT_SOURCE_DIR}/stack/lwip)
set(glue_sources ${glue}/address.c ${glue}/checksum.c ${glue}/data.c ${glue}/datagram.c
                 ${glue}/interface.c ${glue}/segments.c ${glue}/sequence.c ${glue}/table.c ${glue}/tcp.c
                 ${glue}/timers.c)

add_library(ringside_lwip MODULE ${lwip_sources} ${glue_sources})
target_include_directories(ringside_lwip PRIVATE ${PROJECT_SOURCE_DIR} ${glue})
target_include_directories(ringside_lwip SYSTEM PRIVATE ${lwip_dir}/src/include)
set_target_properties(ringside_lwip PROPERTIES C_VISIBILITY_PRESET hidden PREFIX "" SUFFIX .so
                      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
set(RINGSIDE_LWIP_OBJECT ${CMAKE_CURRENT_BINARY_DIR}/ringside_lwip.so)
# lwIP shifts into sign bits and reads packed headers where they lie.
target_compile_options(ringside_lwip PRIVATE -fno-strict-aliasing $<$<CONFIG:Release>:-O3>)
if(RINGSIDE_SANITIZE)
  target_compile_options(ringside_lwip PRIVATE -fno-sanitize=shift,alignment)
endif()
target_link_options(ringside_lwip PRIVATE -Wl,-z,now -Wl,--gc-sections)
set_source_files_properties(${core}/init.c PROPERTIES COMPILE_DEFINITIONS RINGSIDE_LWIP_SANITY)
# Checksums of data, and segments, in ways of our own (hooks.h, segments.c).
set(own_segments "memp_malloc=ringside_memp_malloc;memp_free=ringside_memp_free")
set_source_files_properties(${core}/tcp.c PROPERTIES COMPILE_DEFINITIONS "${own_segments}")
set_source_files_properties(${core}/tcp_out.c PROPERTIES
  COMPILE_DEFINITIONS "${own_segments};RINGSIDE_LWIP_TCP_OUT")
set_source_files_properties(${glue_sources} PROPERTIES
  COMPILE_OPTIONS "-Wall;-Wextra;-Werror;-ffp-contract=off")
