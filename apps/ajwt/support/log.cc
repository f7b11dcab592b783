// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "apps/ajwt/support/session.h"
#include "json/write.h"

namespace ajwt::app {
namespace {

constexpr std::size_t kQueuedLines = 8192;

constexpr auto kLevels =
    std::to_array<std::pair<LogLevel, std::string_view>>({{LogLevel::kDebug, "debug"},
                                                          {LogLevel::kInfo, "info"},
                                                          {LogLevel::kWarn, "warn"},
                                                          {LogLevel::kError, "error"}});

long long now_in_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string_view name(LogLevel level) {
  for (const auto& [known, text] : kLevels) {
    if (known == level) return text;
  }
  return "error";
}

std::optional<LogLevel> find_log_level(std::string_view name) {
  for (const auto& [level, text] : kLevels) {
    if (text == name) return level;
  }
  return std::nullopt;
}

LogFormat default_log_format() {
  return isatty(STDERR_FILENO) == 1 ? LogFormat::kPretty : LogFormat::kJson;
}

std::string render_line(const LogOptions& options, LogLevel level, std::string_view message,
                        const json::Object& fields, long long unix_milliseconds) {
  const auto seconds = static_cast<std::time_t>(unix_milliseconds / 1000);
  const std::tm utc = fmt::gmtime(seconds);
  const long long milliseconds = unix_milliseconds % 1000;
  if (options.format == LogFormat::kPretty) {
    std::string line = fmt::format("{:%H:%M:%S}.{:03} {:<5} {}", utc, milliseconds, name(level),
                                   printable(message));
    for (const auto& member : fields.members()) {
      line += fmt::format(" {}={}", member.name, text_of(member.value));
    }
    return line;
  }
  json::Object line{{"time", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, milliseconds)},
                    {"level", name(level)},
                    {"message", message}};
  for (const auto& member : fields.members()) line.set(member.name, member.value);
  return json::write(line);
}

namespace {

spdlog::sink_ptr sink_for(const std::string& file) {
  if (file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  return std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
}

}  // namespace

// Sink is spdlog's queue and thread; its levels are not used, since a line that nobody wants is not
// even made.
class Log::Sink {
 public:
  explicit Sink(const std::string& file)
      : pool_(std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1)),
        logger_(std::make_shared<spdlog::async_logger>(
            "ajwt", sink_for(file), pool_, spdlog::async_overflow_policy::overrun_oldest)) {
    logger_->set_pattern("%v");
    logger_->set_level(spdlog::level::trace);
    logger_->flush_on(spdlog::level::trace);
    // A reader of the log that went away is no reason to say so on the same pipe.
    logger_->set_error_handler([](const std::string&) {});
  }
  ~Sink() { logger_->flush(); }

  std::size_t dropped() const { return pool_->overrun_counter(); }

  void write(const std::string& line) {
    logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

Log::Log(const LogOptions& options)
    : options_(options), sink_(std::make_unique<Sink>(options.file)) {}
Log::~Log() = default;

std::size_t Log::dropped() const { return sink_->dropped(); }

bool Log::writes(LogLevel level) const { return level >= options_.level; }

void Log::write(LogLevel level, std::string_view message, const json::Object& fields) {
  if (!writes(level)) return;
  sink_->write(render_line(options_, level, message, fields, now_in_milliseconds()));
}

}  // namespace ajwt::app
