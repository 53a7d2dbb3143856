# SPDX-License-Identifier: Apache-2.0
# Verilated modules of hw_model/rtl: libraries that programs link, and unit tests of one module.
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
set(ringside_rtl_dir ${PROJECT_SOURCE_DIR}/hw_model/rtl)
set(ringside_rtl_registers ${RINGSIDE_GENERATED_DIR}/hw_model/registers/ringside_regs_pkg.sv)
set(ringside_verilator ${VERILATOR_BIN})
set(ringside_verilator_include ${VERILATOR_ROOT}/include)
set(ringside_verilate ${CMAKE_CURRENT_LIST_DIR}/verilate.py)

# What the card of the program is built as; its other sizes are those of nic_pkg.sv.
set(RINGSIDE_RTL_DATA_BITS 512 CACHE STRING "Datapath of the card in RTL: 128, 256 or 512 bits")
set(RINGSIDE_RTL_QUEUE_PAIRS 1 CACHE STRING "Queue pairs of the card in RTL: 1 to 8")
set_property(CACHE RINGSIDE_RTL_DATA_BITS PROPERTY STRINGS 128 256 512)
if(NOT RINGSIDE_RTL_DATA_BITS MATCHES "^(128|256|512)$")
  message(FATAL_ERROR "RINGSIDE_RTL_DATA_BITS is ${RINGSIDE_RTL_DATA_BITS}: expected 128, 256 or 512")
endif()
if(NOT RINGSIDE_RTL_QUEUE_PAIRS MATCHES "^[1-8]$")
  message(FATAL_ERROR "RINGSIDE_RTL_QUEUE_PAIRS is ${RINGSIDE_RTL_QUEUE_PAIRS}: expected 1 to 8")
endif()
set(ringside_rtl_sizes NIC_DATA_BITS=${RINGSIDE_RTL_DATA_BITS} NIC_QUEUE_PAIRS=${RINGSIDE_RTL_QUEUE_PAIRS})
# Landing addresses, which reach as far as the transmit buffer, name the queue too.
if(RINGSIDE_RTL_QUEUE_PAIRS GREATER 3)
  list(APPEND ringside_rtl_sizes NIC_TX_BUFFER_BYTES=131072)
endif()

# Sanitizers and coverage are for what is written by hand; -O3 is for simulation speed.
set(ringside_verilated_fast "$<$<NOT:$<CONFIG:Debug>>:-O3>$<$<CONFIG:Debug>:-O1>")
set(ringside_verilated_slow -O1)
set(ringside_verilator_coverage "")
if(RINGSIDE_RTL_COVERAGE)
  # Many classes run for a short time each: they are rather built soon than run fast.
  set(ringside_verilated_fast -O1)
  set(ringside_verilated_slow -O0)
  # Where Verilator takes a block apart, it counts an `if` by what its condition says behind the
  # block, not in it.
  set(ringside_verilator_coverage --coverage-line -fno-split -Wno-UNOPTFLAT)
endif()
set(ringside_verilated_options -w -fno-sanitize=all -fno-profile-arcs -fno-test-coverage)

# Verilator's runtime: one for all classes of a program. With what writes FST files and coverage.
function(ringside_verilated_runtime)
  find_package(ZLIB REQUIRED)
  add_library(ringside_verilated STATIC
    ${ringside_verilator_include}/verilated.cpp ${ringside_verilator_include}/verilated_threads.cpp
    ${ringside_verilator_include}/verilated_cov.cpp ${ringside_verilator_include}/verilated_fst_c.cpp)
  target_include_directories(ringside_verilated SYSTEM PUBLIC
    $<BUILD_INTERFACE:${ringside_verilator_include}>
    $<BUILD_INTERFACE:${ringside_verilator_include}/vltstd>)
  target_compile_definitions(ringside_verilated PUBLIC VM_SC=0)
  if(RINGSIDE_RTL_COVERAGE)
    target_sources(ringside_verilated PRIVATE ${PROJECT_SOURCE_DIR}/hw_model/rtl_bridge/line_coverage.cpp)
    target_include_directories(ringside_verilated PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(ringside_verilated PUBLIC VM_COVERAGE=1)
  endif()
  # $display and failed assertions: standard output is for results.
  target_compile_options(ringside_verilated PRIVATE "-DVL_PRINTF(...)=fprintf(stderr,__VA_ARGS__)"
                                                    ${ringside_verilated_options} ${ringside_verilated_fast})
  target_link_libraries(ringside_verilated PUBLIC Threads::Threads ZLIB::ZLIB)
endfunction()

# ringside_verilate(target TOP module PREFIX class [FILES sv...] [DEFINES name=value...]
# [PARAMETERS name=value...] [OPTIONS verilator options...]): a static library with the class.
function(ringside_verilate target)
  cmake_parse_arguments(ARG "" "TOP;PREFIX" "FILES;DEFINES;PARAMETERS;OPTIONS" ${ARGN})
  if(NOT TARGET ringside_verilated)
    ringside_verilated_runtime()
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.rtl)
  set(stamp ${folder}/stamp)
  set(files "")
  set(paths "")
  foreach(file IN LISTS ARG_FILES)
    get_filename_component(path ${file} ABSOLUTE)
    list(APPEND files --file ${path})
    list(APPEND paths ${path})
  endforeach()
  list(TRANSFORM ARG_DEFINES PREPEND +define+)
  list(TRANSFORM ARG_PARAMETERS PREPEND -G)
  file(GLOB checks CONFIGURE_DEPENDS ${ringside_rtl_dir}/checks/*.sv)
  set(fast ${folder}/${ARG_PREFIX}__fast.cpp)
  set(slow ${folder}/${ARG_PREFIX}__slow.cpp)
  # What is read besides is in the depfile; modules and checks may come to be used by name alone.
  add_custom_command(OUTPUT ${stamp} BYPRODUCTS ${fast} ${slow} ${folder}/${ARG_PREFIX}.h
    COMMAND ${Python3_EXECUTABLE} ${ringside_verilate} --verilator ${ringside_verilator}
            --rtl ${ringside_rtl_dir} --registers ${ringside_rtl_registers} --top ${ARG_TOP} --prefix ${ARG_PREFIX} --out ${folder}
            --stamp ${stamp} --depfile ${stamp}.d ${files}
            -- -Wall --assert ${ringside_verilator_coverage} ${ARG_OPTIONS} ${ARG_DEFINES} ${ARG_PARAMETERS}
    DEPENDS ${ringside_verilate} ${ringside_rtl_registers} ${ringside_rtl_dir}/lint.vlt ${ringside_rtl_dir}/nic_pkg.sv ${ringside_rtl_dir}/nic_faults_pkg.sv ${paths} ${checks}
    DEPFILE ${stamp}.d
    COMMENT "Verilating ${ARG_TOP} for ${target}" VERBATIM)
  add_library(${target} STATIC ${stamp} ${fast} ${slow})
  set_source_files_properties(${fast} ${slow} PROPERTIES OBJECT_DEPENDS ${stamp})
  set_source_files_properties(${fast} PROPERTIES COMPILE_OPTIONS "${ringside_verilated_fast}")
  set_source_files_properties(${slow} PROPERTIES COMPILE_OPTIONS ${ringside_verilated_slow})
  add_dependencies(${target} ringside_registers)
  target_compile_options(${target} PRIVATE ${ringside_verilated_options})
  target_include_directories(${target} SYSTEM PUBLIC $<BUILD_INTERFACE:${folder}>)
  target_link_libraries(${target} PUBLIC ringside_verilated)
endfunction()

# rtl_library(name TOP module [PREFIX class] [FILES sv...] [DEFINES ...] [PARAMETERS ...] [TRACE]
# [RANDOM_X] [INSTALL]): a Verilated module to simulate with; PREFIX is `Vname` if it is not given.
# What lint would say is not asked here (tree.lint_rtl does): another Verilator may have more to say.
# TRACE: it can write FST files. RANDOM_X: what starts or is assigned unknown is random (seed:
# VerilatedContext::randSeed), for runs that show that none of it matters.
function(rtl_library name)
  cmake_parse_arguments(ARG "TRACE;RANDOM_X;INSTALL" "TOP;PREFIX" "FILES;DEFINES;PARAMETERS" ${ARGN})
  if(NOT ARG_PREFIX)
    set(ARG_PREFIX V${name})
  endif()
  # Without -fno-dfg the data-flow graphs of Verilator 5.006 share so much that the card takes a tenth
  # longer.
  set(options -O3 -fno-dfg -Wno-lint -Wno-style)
  if(ARG_RANDOM_X)
    list(APPEND options --x-assign unique --x-initial unique)
  else()
    list(APPEND options --x-assign fast --x-initial fast)
  endif()
  # Verilator 5.006 makes loops of copies of more words than this, and for what assertions sample it
  # forgets the loop's variable: structures of several queues are so long.
  if("${ARG_DEFINES}" MATCHES "NIC_QUEUE_PAIRS=[3-8]")
    list(APPEND options --reloop-limit 4096)
  endif()
  if(ARG_TRACE)
    list(APPEND options --trace-fst --trace-structs)
  endif()
  ringside_verilate(${name} TOP ${ARG_TOP} PREFIX ${ARG_PREFIX} FILES ${ARG_FILES}
                    DEFINES ${ARG_DEFINES} PARAMETERS ${ARG_PARAMETERS} OPTIONS ${options})
  if(ARG_TRACE)
    target_compile_definitions(${name} PUBLIC VM_TRACE=1 VM_TRACE_FST=1)
  endif()
  if(ARG_INSTALL)
    set_property(GLOBAL APPEND PROPERTY RINGSIDE_INSTALL_TARGETS ${name} ringside_verilated)
  endif()
endfunction()

# rtl_test(name MODULE module SOURCES cpp... [FILES sv...] [LIBS...] [DEFINES ...] [PARAMETERS ...]
# [TIMEOUT s]): a GoogleTest program around the class `Vmodule`, which it includes as <Vmodule.h>.
# FILES: wrappers of the test's own; MODULE may be one of theirs. Unknown values are random:
# tests/support/verilated.h seeds them. The module's hw_model/rtl/checks are in it.
function(rtl_test name)
  cmake_parse_arguments(ARG "" "MODULE;TIMEOUT" "SOURCES;FILES;LIBS;DEFINES;PARAMETERS" ${ARGN})
  ringside_verilate(${name}_rtl TOP ${ARG_MODULE} PREFIX V${ARG_MODULE} FILES ${ARG_FILES}
                    DEFINES ${ARG_DEFINES} PARAMETERS ${ARG_PARAMETERS}
                    OPTIONS -O3 --x-assign unique --x-initial unique)
  set(timeout "")
  if(ARG_TIMEOUT)
    set(timeout TIMEOUT ${ARG_TIMEOUT})
  endif()
  ringside_test(${name} SOURCES ${ARG_SOURCES} LIBS ${name}_rtl ${ARG_LIBS} LABELS unit rtl
                ${timeout})
endfunction()

# Verilator -Wall over every module and width of the datapath; also a tree test.
add_custom_target(lint-rtl
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/lint_rtl.py ${ringside_verilator}
          ${ringside_rtl_dir} ${ringside_rtl_registers}
  VERBATIM)
add_dependencies(lint-rtl ringside_registers)

# Which lines of each module the tests run: a build of its own with them, in build/rtl-coverage.
add_custom_target(rtl-coverage
  COMMAND ${PROJECT_SOURCE_DIR}/scripts/rtl_coverage.sh
  USES_TERMINAL VERBATIM)

# What each module takes on an UltraScale+ part, with Yosys from npm; its table is in synth/ too.
add_custom_target(synth
  COMMAND ${PROJECT_SOURCE_DIR}/scripts/synth.sh --out ${PROJECT_BINARY_DIR}/synth
  USES_TERMINAL VERBATIM)
