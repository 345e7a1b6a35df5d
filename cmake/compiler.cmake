# SPDX-License-Identifier: Apache-2.0
# g++ before 13 miscompiles ordinary coroutines: temporaries with braces or owning closures that are passed to an
# awaited call are destroyed twice. A target built with it corrupts memory, so it is refused here.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines (temporaries in awaited calls are destroyed twice). "
    "Use clang 19 (Debian package clang-19): cmake --preset release, or ./dev build.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(TGT_SANITIZE "" CACHE STRING "Sanitizers: empty, 'address,undefined' or 'thread'")
option(TGT_FUZZ "Build the fuzzers with libFuzzer" OFF)

add_library(tgt_compiler INTERFACE)
target_compile_options(tgt_compiler INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror -fno-omit-frame-pointer)
target_include_directories(tgt_compiler INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(TGT_SANITIZE)
  target_compile_options(tgt_compiler INTERFACE -fsanitize=${TGT_SANITIZE} -fno-sanitize-recover=all)
  # What reaches beyond a span or a vector is found even where nothing is read there.
  target_compile_definitions(tgt_compiler INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(tgt_compiler INTERFACE -fsanitize=${TGT_SANITIZE})
endif()
if(TGT_FUZZ)
  target_compile_options(tgt_compiler INTERFACE -fsanitize=fuzzer-no-link)
endif()
find_program(TGT_LLD NAMES ld.lld-19 ld.lld)
if(TGT_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(tgt_compiler INTERFACE --ld-path=${TGT_LLD})
endif()
