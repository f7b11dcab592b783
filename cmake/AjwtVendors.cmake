# SPDX-License-Identifier: Apache-2.0
#
# The packages we build on, each as one target `ajwt_vendor_<name>` with SYSTEM includes, so that
# -Werror judges our code alone. Which folder owns which is in docs/dependencies.md.

find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(tl-expected CONFIG REQUIRED)
find_package(tomlplusplus CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)

# ajwt_vendor(<name> <target>...): one name for a package, whatever its own targets are called.
function(ajwt_vendor name)
  add_library(ajwt_vendor_${name} INTERFACE)
  target_link_libraries(ajwt_vendor_${name} INTERFACE ${ARGN})
endfunction()

ajwt_vendor(expected tl::expected)
ajwt_vendor(boost Boost::headers)
ajwt_vendor(boost_json Boost::json)
ajwt_vendor(openssl_crypto OpenSSL::Crypto)
ajwt_vendor(openssl_ssl OpenSSL::SSL)
ajwt_vendor(sodium PkgConfig::SODIUM)
ajwt_vendor(sqlite SQLite::SQLite3)
ajwt_vendor(curl CURL::libcurl)
ajwt_vendor(prometheus prometheus-cpp::core)
ajwt_vendor(toml tomlplusplus::tomlplusplus)
ajwt_vendor(cli11 CLI11::CLI11)
ajwt_vendor(spdlog spdlog::spdlog fmt::fmt)

# The macros that a vendor's headers need, set once, so that all translation units agree.
target_compile_definitions(ajwt_vendor_boost INTERFACE BOOST_ASIO_NO_DEPRECATED)

if(AJWT_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
  ajwt_vendor(gtest GTest::gtest GTest::gmock)
  ajwt_vendor(gtest_main GTest::gmock_main ajwt_vendor_gtest)
endif()
if(AJWT_BUILD_BENCH)
  find_package(benchmark CONFIG REQUIRED)
  ajwt_vendor(benchmark benchmark::benchmark)
endif()
