# SPDX-License-Identifier: Apache-2.0
#
# One folder of src/ = one static library = one test program. Adding a file to a folder needs no
# edit here or anywhere else.

# Folders whose tests start threads: they run under the thread sanitizer too.
set(AJWT_CONCURRENT_FOLDERS crypto store http guard shim authority gateway)

if(AJWT_BUILD_TESTS)
  # What `ctest -L concurrent` runs; the thread-sanitized build builds this and nothing else.
  add_custom_target(ajwt_concurrent_tests)
endif()

# ajwt_test(<target> SOURCES <file>... [LINK <target>...] [LABELS <label>...] [TIMEOUT <seconds>])
#
# A GoogleTest program and its ctest test of the same name. The label `concurrent` also makes it
# part of ajwt_concurrent_tests. Tests find tests/vectors and other data through the definition
# AJWT_SOURCE_DIR, and run in the source tree's root. Sanitized builds have three times as long.
function(ajwt_test target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;LINK;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT AJWT_SANITIZE STREQUAL none)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 3")
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ${arg_LINK} ajwt_compile ajwt_vendor_gtest_main)
  ajwt_compile_quickly(${target})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(${target} PRIVATE AJWT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                             AJWT_VECTORS_DIR="${PROJECT_SOURCE_DIR}/tests/vectors")
  add_test(NAME ${target} COMMAND ${target} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${target} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  if("concurrent" IN_LIST arg_LABELS)
    add_dependencies(ajwt_concurrent_tests ${target})
  endif()
endfunction()

# ajwt_compile_quickly(<target>): no optimiser in sanitized builds, whose instrumentation it takes
# three times as long to go through. For what neither a fuzz target nor a service runs a lot of.
function(ajwt_compile_quickly target)
  if(NOT AJWT_SANITIZE STREQUAL none)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# ajwt_library(<folder> [DEPS <folder>...] [LINK <vendor target>...])
#
# The library `ajwt_<folder>` from src/<folder>/**/*.cc, and, from its *_test.cc files, the test
# `ajwt_<folder>_test`. DEPS are what the folder's headers may include, transitively. A folder
# of headers alone becomes an INTERFACE library.
function(ajwt_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;LINK")
  set(target ajwt_${folder})
  set(root "${PROJECT_SOURCE_DIR}/src/${folder}")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${root}/*.cc")
  set(test_sources ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER test_sources INCLUDE REGEX "_test\\.cc$")

  list(TRANSFORM arg_DEPS PREPEND ajwt_ OUTPUT_VARIABLE deps)
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC ${deps} ${arg_LINK} ajwt_compile)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${deps} ${arg_LINK} ajwt_compile)
  endif()

  if(AJWT_BUILD_TESTS AND test_sources)
    set(labels unit)
    if(folder IN_LIST AJWT_CONCURRENT_FOLDERS)
      list(APPEND labels concurrent)
    endif()
    ajwt_test(${target}_test SOURCES ${test_sources} LINK ${target} LABELS ${labels})
  endif()
endfunction()

# ajwt_fuzz_target(<name> SOURCES <file>... [LINK <target>...])
#
# The libFuzzer program fuzz/fuzz_<name>. Its corpus is fuzz/corpus/<name> (and its dictionary, if
# any, fuzz/dict/<name>.dict); the corpus is replayed by ctest, `./test fuzz` goes on from it.
function(ajwt_fuzz_target name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  set(target fuzz_${name})
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ${arg_LINK} ajwt_compile)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
  set(corpus "${PROJECT_SOURCE_DIR}/fuzz/corpus/${name}")
  if(AJWT_BUILD_TESTS AND EXISTS "${corpus}")
    add_test(NAME ${target}_corpus COMMAND ${target} -runs=0 "${corpus}")
    set_tests_properties(${target}_corpus PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endfunction()

# ajwt_application(<name>): puts the program <name> at the top of the build folder, where ./run,
# the documentation and packaging expect it, and gives it our flags.
function(ajwt_application name)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ajwt_compile)
endfunction()

# ajwt_add_subdirectory_if_present(<folder>): add_subdirectory for parts that a source package may
# leave out (bench, fuzz, lab).
function(ajwt_add_subdirectory_if_present folder)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory(${folder})
  endif()
endfunction()
