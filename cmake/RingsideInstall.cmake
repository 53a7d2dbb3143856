# SPDX-License-Identifier: Apache-2.0
# `cmake --install` and find_package(Ringside): libraries, headers, examples; testbench/cli installs the program.
include(CMakePackageConfigHelpers)
set(ringside_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Ringside)
set(ringside_data_dir ${CMAKE_INSTALL_DATADIR}/ringside)

get_property(ringside_libraries GLOBAL PROPERTY RINGSIDE_INSTALL_TARGETS)
list(REMOVE_DUPLICATES ringside_libraries)
set_target_properties(ringside_options PROPERTIES EXPORT_NAME options)
set_target_properties(ringside_systemc PROPERTIES EXPORT_NAME systemc)
# Applications of the user's (testbench/application.h) need headers alone.
add_library(ringside_application INTERFACE)
add_library(ringside::application ALIAS ringside_application)
set_target_properties(ringside_application PROPERTIES EXPORT_NAME application)
target_compile_features(ringside_application INTERFACE cxx_std_20)
target_include_directories(ringside_application INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/ringside>)
install(TARGETS ${ringside_libraries} ringside_options ringside_systemc ringside_application
        EXPORT RingsideTargets)
install(EXPORT RingsideTargets NAMESPACE ringside:: DESTINATION ${ringside_package_dir})

# Headers are included from the root of the tree here as there.
install(DIRECTORY formats hw_model firmware host_driver stack testbench
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def"
        PATTERN "stack/lwip" EXCLUDE
        PATTERN "hw_model/rtl" EXCLUDE)
install(DIRECTORY ${RINGSIDE_GENERATED_DIR}/hw_model DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/RingsideConfig.cmake.in
                              ${CMAKE_BINARY_DIR}/RingsideConfig.cmake
                              INSTALL_DESTINATION ${ringside_package_dir}
                              NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/RingsideConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/RingsideConfig.cmake ${CMAKE_BINARY_DIR}/RingsideConfigVersion.cmake
        DESTINATION ${ringside_package_dir})

# find_package(RingsideCard), which needs nothing of the above: cards in RTL of the user's.
set(ringside_card_dir ${CMAKE_INSTALL_LIBDIR}/cmake/RingsideCard)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/RingsideCardConfig.cmake ${CMAKE_CURRENT_LIST_DIR}/card_library.py
        DESTINATION ${ringside_card_dir} COMPONENT card)
install(FILES hw_model/rtl_bridge/ringside_card.h hw_model/rtl_bridge/verilated_context.h
              hw_model/rtl_bridge/verilated_fst.h hw_model/rtl_bridge/verilated_library.h
        DESTINATION ${ringside_card_dir}/include/hw_model/rtl_bridge COMPONENT card)
install(FILES docs/hardware/own-card.md docs/hardware/interfaces.md
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ringside-card COMPONENT card)

install(DIRECTORY examples docs DESTINATION ${ringside_data_dir})
install(FILES LICENSE DESTINATION ${ringside_data_dir})
