// SPDX-License-Identifier: Apache-2.0
//
// The log: one line an event on standard error or in a file, JSON off a terminal, readable on one.
// No token, key or prompt ever gets here: what is logged are names, ids, reasons and times.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace ajwt::app {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kJson, kPretty };

std::string_view name(LogLevel level);
std::optional<LogLevel> find_log_level(std::string_view name);

// default_log_format is kPretty where standard error is a terminal.
LogFormat default_log_format();

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kJson;
  std::string file = {};  // lines go to the end of this file, which must be writable; empty: stderr
};

// Log writes from a thread of its own: no caller waits for a slow terminal or pipe; when too much
// is queued, the oldest lines go. Safe for concurrent use.
class Log {
 public:
  explicit Log(const LogOptions& options);
  // ~Log writes what is queued.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool writes(LogLevel level) const;
  void write(LogLevel level, std::string_view message, const json::Object& fields = {});
  // dropped returns how many lines went because too much was queued.
  std::size_t dropped() const;

 private:
  class Sink;
  LogOptions options_;
  std::unique_ptr<Sink> sink_;
};

// render_line returns the line without its end, as Log writes it at this time (milliseconds since
// 1970).
std::string render_line(const LogOptions& options, LogLevel level, std::string_view message,
                        const json::Object& fields, long long unix_milliseconds);

}  // namespace ajwt::app
