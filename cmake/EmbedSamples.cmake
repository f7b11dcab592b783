# SPDX-License-Identifier: Apache-2.0
#
# Writes a source file with one function a sample: package.json -> sample_package_json().
set(code "// Made by cmake/EmbedSamples.cmake.\n#include \"apps/ajwt/demo/samples.h\"\n\n")
string(APPEND code "namespace ajwt::demo {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  string(MAKE_C_IDENTIFIER "${name}" identifier)
  file(READ "${file}" text)
  string(APPEND code "std::string_view sample_${identifier}() {\n  return R\"sample(${text})sample\";\n}\n")
endforeach()
string(APPEND code "}  // namespace ajwt::demo\n")
file(WRITE "${OUTPUT}" "${code}")
