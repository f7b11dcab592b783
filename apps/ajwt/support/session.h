// SPDX-License-Identifier: Apache-2.0
//
// Session: one run of the command line: output format, colours, profile options, exit code.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ajwt/support/exit_code.h"
#include "base/result.h"
#include "json/value.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the vendor's
class App;
}

namespace ajwt::app {

enum class OutputFormat { kTable, kJson };

// ProfileOptions are the flags by which a command finds its authority (support/profile.h).
struct ProfileOptions {
  std::optional<std::string> authority;
  std::optional<std::string> client_id;
  std::optional<std::string> key;
  std::optional<std::string> profile;
  std::optional<std::string> ca_file;
};

class Session {
 public:
  Session(std::ostream& out, std::ostream& err) : out_(out), err_(err) {}

  OutputFormat format = OutputFormat::kTable;
  ProfileOptions profile;

  bool is_json() const { return format == OutputFormat::kJson; }
  // colours tells whether standard output is a terminal that wants them (NO_COLOR is honoured).
  bool colours() const;
  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }

  // print_json writes one JSON document.
  void print_json(const json::Value& value);
  // print_fields writes an object as "name  value" lines, or as JSON.
  void print_fields(const json::Object& fields);
  // print_rows writes one line a row with aligned columns and a header, or a JSON array of the
  // whole rows. `columns` are member names.
  void print_rows(const std::vector<std::string>& columns, const json::Array& rows);
  // note writes a line for a person to standard error; nothing when the output is JSON.
  void note(std::string_view line);

  // fail writes "ajwt: <reason>: <what>", the error's items and detail, if any, and, if given,
  // "  try: <hint>" to standard error (JSON: {"error","reason","items","detail","hint"} to standard
  // output) and keeps the exit code.
  void fail(const Error& error, std::string_view hint = {});
  void finish(ExitCode code) { exit_code_ = code; }
  ExitCode exit_code() const { return exit_code_; }

 private:
  std::ostream& out_;
  std::ostream& err_;
  ExitCode exit_code_ = ExitCode::kOk;
};

// text_of renders a value for a table cell: strings as they are, arrays of strings joined by
// spaces, anything else as JSON. Control characters are escaped, so that nothing that a server
// says can steer a terminal.
std::string text_of(const json::Value& value);

// printable replaces control characters by escapes, so that no text of others steers a terminal.
std::string printable(std::string_view text);

}  // namespace ajwt::app
