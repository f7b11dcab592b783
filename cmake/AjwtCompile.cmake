# SPDX-License-Identifier: Apache-2.0
#
# How every target of ours is compiled: the language level, the warnings, the hardening, the
# sanitizers. Vendor targets never see these flags.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()

# CMake's default is -O3; -O2 builds faster, is smaller, and is no slower here.
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

# Files of a folder are compiled in batches, which reads the heavy headers once for many: a clean
# build takes a third of the time. So a name in an unnamed namespace is unique in its folder.
option(CMAKE_UNITY_BUILD "Compile the files of a folder in batches" ON)
set(CMAKE_UNITY_BUILD_BATCH_SIZE 12 CACHE STRING "Files a batch")

find_program(AJWT_CCACHE ccache)
if(AJWT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${AJWT_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${AJWT_CCACHE}")
endif()

include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)
include(CheckPIESupported)
check_pie_supported(OUTPUT_VARIABLE ajwt_pie_output LANGUAGES C CXX)

# A fast linker: mold, else lld, else what the compiler takes by itself.
foreach(linker IN ITEMS mold lld)
  check_linker_flag(CXX "-fuse-ld=${linker}" AJWT_HAS_LINKER_${linker})
  if(AJWT_HAS_LINKER_${linker})
    add_link_options("-fuse-ld=${linker}")
    break()
  endif()
endforeach()

# The flags of all our targets, first-party code only: linked as an INTERFACE target.
add_library(ajwt_compile INTERFACE)
target_compile_features(ajwt_compile INTERFACE cxx_std_20)
target_include_directories(ajwt_compile INTERFACE "${PROJECT_SOURCE_DIR}/src")
target_compile_options(
  ajwt_compile
  INTERFACE
    "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=" -fstack-protector-strong
    "$<$<COMPILE_LANGUAGE:C,CXX>:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Werror>"
    "$<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast;-Wnon-virtual-dtor>"
    # GCC 12 warns falsely when it optimises: of reads beyond std::string's own inline code, of the
    # empty side of std::optional, and of the frames that coroutines allocate and free.
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-maybe-uninitialized>"
    "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-mismatched-new-delete>"
    # A class that uses an unnamed namespace is no mistake in a .cc file, also in one of a batch.
    "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>")
target_compile_definitions(ajwt_compile INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(ajwt_compile INTERFACE -Wl,-z,relro,-z,now)
find_package(Threads REQUIRED)
target_link_libraries(ajwt_compile INTERFACE Threads::Threads)

if(AJWT_SANITIZE STREQUAL none)
  # FORTIFY needs an optimiser, and hides the libc calls that the sanitizers watch.
  target_compile_options(ajwt_compile INTERFACE
                         "$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
elseif(AJWT_SANITIZE STREQUAL address)
  set(ajwt_sanitizer -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # Coverage without a main(), so that tests and fuzz targets share one build. The check of
    # function types puts data before each function, which clang 14 cannot do for coroutines.
    list(APPEND ajwt_sanitizer -fsanitize=fuzzer-no-link -fno-sanitize=function)
  endif()
elseif(AJWT_SANITIZE STREQUAL thread)
  set(ajwt_sanitizer -fsanitize=thread -fno-omit-frame-pointer)
else()
  message(FATAL_ERROR "AJWT_SANITIZE is '${AJWT_SANITIZE}'; it must be none, address or thread")
endif()
if(ajwt_sanitizer)
  target_compile_options(ajwt_compile INTERFACE ${ajwt_sanitizer})
  target_link_options(ajwt_compile INTERFACE ${ajwt_sanitizer})
endif()

if(AJWT_FUZZ AND NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
  message(FATAL_ERROR "AJWT_FUZZ needs clang: libFuzzer is part of it")
endif()
