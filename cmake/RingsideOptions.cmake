# SPDX-License-Identifier: Apache-2.0
# Compiler options that every target of the project shares, as one interface target.
add_library(ringside_options INTERFACE)
# What is generated is included as if it lay in the tree.
set(RINGSIDE_GENERATED_DIR ${PROJECT_BINARY_DIR}/generated)
target_include_directories(ringside_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                                      $<BUILD_INTERFACE:${RINGSIDE_GENERATED_DIR}>
                                                      $<INSTALL_INTERFACE:include/ringside>)
target_compile_options(ringside_options INTERFACE
  $<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Werror;-ffp-contract=off;-fno-omit-frame-pointer;-fno-semantic-interposition>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC bug 105651: false -Wrestrict for std::string concatenation.
  target_compile_options(ringside_options INTERFACE
    $<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>>)
endif()
if(RINGSIDE_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code hides from GCC what has been initialised.
    target_compile_options(ringside_options INTERFACE $<BUILD_INTERFACE:-Wno-maybe-uninitialized>)
  endif()
  add_compile_options(-fsanitize=${RINGSIDE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RINGSIDE_SANITIZE})
endif()
if(RINGSIDE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(RINGSIDE_COVERAGE)
  add_compile_options(--coverage -O0 -g)
  add_link_options(--coverage)
endif()

# Everything that includes SystemC links this. Debian's library is built as C++17 and checks the
# macro when it links; the project itself is C++20.
add_library(ringside_systemc INTERFACE)
target_compile_definitions(ringside_systemc INTERFACE SC_CPLUSPLUS=201703L SC_INCLUDE_DYNAMIC_PROCESSES)

# ringside_library(name SOURCES... [PUBLIC libs...] [SYSTEMC]): a static library of the project.
function(ringside_library name)
  cmake_parse_arguments(ARG "SYSTEMC" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  string(REPLACE "ringside_" "" short ${name})
  add_library(ringside::${short} ALIAS ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short})
  target_link_libraries(${name} PUBLIC ringside_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  if(ARG_SYSTEMC)
    target_link_libraries(${name} PUBLIC ringside_systemc)
  endif()
  set_property(GLOBAL APPEND PROPERTY RINGSIDE_INSTALL_TARGETS ${name})
endfunction()
