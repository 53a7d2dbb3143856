# SPDX-License-Identifier: Apache-2.0
# The synthesis report: its figures of a netlist, and the whole of it where npm can get the tools.
add_test(NAME rtl.netlist
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/netlist_test.py ${PROJECT_SOURCE_DIR}/cmake)
set_tests_properties(rtl.netlist PROPERTIES LABELS "unit;rtl" TIMEOUT 60
                     ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
add_test(NAME rtl.synth
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/synth_test.sh ${PROJECT_SOURCE_DIR})
set_tests_properties(rtl.synth PROPERTIES LABELS "synth;rtl" TIMEOUT 1200 SKIP_RETURN_CODE 77)
