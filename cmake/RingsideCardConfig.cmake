# SPDX-License-Identifier: Apache-2.0
# find_package(RingsideCard): a card of one's own in Verilog or SystemVerilog as a shared object for
# `ringside run`. Needs Verilator and its headers, zlib and Python; nothing of Ringside but what
# is installed with this file. Also found in a clone, which needs not be built: -DRingsideCard_DIR=CLONE/cmake.
include(CMakeFindDependencyMacro)
find_dependency(verilator HINTS $ENV{VERILATOR_ROOT} /usr/local/share/verilator /usr/share/verilator)
find_dependency(ZLIB)
find_dependency(Threads)
find_dependency(Python3 COMPONENTS Interpreter)

set(RingsideCard_FOLDER ${CMAKE_CURRENT_LIST_DIR})
find_path(RingsideCard_INCLUDE_DIR hw_model/rtl_bridge/ringside_card.h
          HINTS ${CMAKE_CURRENT_LIST_DIR}/.. ${CMAKE_CURRENT_LIST_DIR}/include NO_DEFAULT_PATH NO_CACHE)

# ringside_card(name TOP module SOURCES files... [INCLUDE_DIRS folders...] [DEFINES name[=value]...]
# [PARAMETERS name=value...] [VERILATOR_ARGS ...]): the shared object NAME.so in the build folder.
# TOP has the pins of a card, docs/hardware/own-card.md. PARAMETERS are TOP's.
function(ringside_card name)
  cmake_parse_arguments(ARG "" "TOP" "SOURCES;INCLUDE_DIRS;DEFINES;PARAMETERS;VERILATOR_ARGS" ${ARGN})
  if(NOT ARG_TOP OR NOT ARG_SOURCES)
    message(FATAL_ERROR "ringside_card(${name}): TOP and SOURCES must be given")
  endif()
  set(sources "")
  foreach(source IN LISTS ARG_SOURCES)
    get_filename_component(source ${source} ABSOLUTE)
    list(APPEND sources ${source})
  endforeach()
  set(arguments --assert -O3 --no-timing)
  foreach(folder IN LISTS ARG_INCLUDE_DIRS)
    get_filename_component(folder ${folder} ABSOLUTE)
    list(APPEND arguments -I${folder})
  endforeach()
  list(TRANSFORM ARG_DEFINES PREPEND +define+)
  list(TRANSFORM ARG_PARAMETERS PREPEND -G)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}.rtl)
  set(library ${folder}/card_library.cpp)
  add_library(${name} MODULE ${library})
  verilate(${name} SOURCES ${sources} TOP_MODULE ${ARG_TOP} PREFIX V${name} DIRECTORY ${folder}
           TRACE_FST OPT_SLOW -O1 OPT_GLOBAL -O1
           VERILATOR_ARGS ${arguments} ${ARG_DEFINES} ${ARG_PARAMETERS} ${ARG_VERILATOR_ARGS})
  # What Verilator writes last.
  add_custom_command(OUTPUT ${library}
    COMMAND Python3::Interpreter -B ${RingsideCard_FOLDER}/card_library.py ${folder}/V${name}.h ${library}
    DEPENDS ${RingsideCard_FOLDER}/card_library.py ${folder}/V${name}.cmake
    COMMENT "Pins of ${name}" VERBATIM)
  target_include_directories(${name} SYSTEM PRIVATE ${RingsideCard_INCLUDE_DIR})
  target_link_libraries(${name} PRIVATE ZLIB::ZLIB Threads::Threads)
  target_compile_features(${name} PRIVATE cxx_std_20)
  # Several such libraries live in one process: nothing of one is seen by another.
  target_compile_options(${name} PRIVATE -w -fvisibility=hidden -fvisibility-inlines-hidden)
  # $display and failed assertions: Ringside's standard output is for results.
  target_compile_options(${name} PRIVATE "-DVL_PRINTF(...)=fprintf(stderr,__VA_ARGS__)")
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so"
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
