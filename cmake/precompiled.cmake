# SPDX-License-Identifier: Apache-2.0
# The headers of libraries that most sources include, compiled once for the floors and once for their tests: a third of a
# build's time. None of ours is among them, so that a change of one rebuilds only what includes it. The preset tidy builds
# without, so that a source includes what it uses.
set(TGT_PRECOMPILED <algorithm> <array> <atomic> <chrono> <coroutine> <cstdint> <cstring> <expected> <functional> <map> <memory>
  <mutex> <optional> <span> <string> <string_view> <utility> <variant> <vector> <fmt/format.h>)

# tgt_precompile(NAME HEADERS...): the library tgt_<name>, which holds nothing but its precompiled header.
function(tgt_precompile name)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Nothing: a library must have a source.\n")
  add_library(tgt_${name} STATIC ${source})
  target_link_libraries(tgt_${name} PRIVATE tgt_compiler spdlog::spdlog fmt::fmt)
  target_precompile_headers(tgt_${name} PRIVATE ${ARGN})
  # The file holds paths, so it is never taken from ccache, which takes the sum for its contents (CCACHE_PCH_EXTSUM): what
  # is compiled with it is the same in each clone.
  set_target_properties(tgt_${name} PROPERTIES CXX_COMPILER_LAUNCHER "")
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/tgt_${name}.dir/cmake_pch.hxx.pch.sum
    CONTENT "${ARGN} ${CMAKE_CXX_COMPILER_VERSION} ${fmt_VERSION} ${GTest_VERSION}\n")
endfunction()

# tgt_use_precompiled(TARGET NAME): not CMake's REUSE_FROM, which writes a path into the command that ccache would take for
# a difference between two clones.
function(tgt_use_precompiled target name)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    set(header ${CMAKE_BINARY_DIR}/CMakeFiles/tgt_${name}.dir/cmake_pch.hxx.pch)
    target_compile_options(${target} PRIVATE "SHELL:-include-pch ${header}")
    get_target_property(sources ${target} SOURCES)
    set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${header})
  endif()
endfunction()

tgt_precompile(precompiled ${TGT_PRECOMPILED})
tgt_precompile(precompiled_test ${TGT_PRECOMPILED} <gmock/gmock.h> <gtest/gtest.h>)
target_link_libraries(tgt_precompiled_test PRIVATE GTest::gmock)
if(TGT_SANITIZE)
  target_compile_options(tgt_precompiled_test PRIVATE -O0)
endif()
