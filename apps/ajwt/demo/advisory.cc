// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/advisory.h"

#include "json/members.h"
#include "json/parse.h"

namespace ajwt::demo {
namespace {

constexpr std::size_t kMaxAdvisoryBytes = 16 * 1024 * 1024;

// "Debian" or "Debian:12".
std::optional<Ecosystem> find_ecosystem(std::string_view text) {
  text = text.substr(0, text.find(':'));
  if (text == name(Ecosystem::kNpm)) return Ecosystem::kNpm;
  if (text == name(Ecosystem::kDebian)) return Ecosystem::kDebian;
  return std::nullopt;
}

Result<const json::Object*> as_object(const json::Value& value, std::string_view what) {
  if (value.find_object() == nullptr) {
    return refuse(Code::k_value_malformed, std::string(what) + " is not an object.");
  }
  return value.find_object();
}

// Events come in pairs: introduced, then perhaps fixed (OSV "events").
Status append_events(Advisory& advisory, const json::Array& events, const AffectedRange& range) {
  std::optional<AffectedRange> open;
  for (const auto& event : events) {
    AJWT_ASSIGN(const auto* object, as_object(event, "An event"));
    json::Members members(*object);
    AJWT_ASSIGN(const auto introduced, members.find_string("introduced"));
    AJWT_ASSIGN(const auto fixed, members.find_string("fixed"));
    if (introduced) {
      if (open) advisory.ranges.push_back(*open);
      open = range;
      open->introduced = *introduced;
    }
    if (fixed && open) {
      open->fixed = *fixed;
      advisory.ranges.push_back(*open);
      open.reset();
    }
  }
  if (open) advisory.ranges.push_back(*open);
  return ok();
}

Status append_affected(Advisory& advisory, const json::Object& affected) {
  json::Members members(affected);
  AJWT_ASSIGN(const auto* package, members.get_object("package"));
  json::Members package_members(*package);
  AJWT_ASSIGN(const auto ecosystem_text, package_members.get_string("ecosystem"));
  AJWT_ASSIGN(auto package_name, package_members.get_string("name"));
  const auto ecosystem = find_ecosystem(ecosystem_text);
  AJWT_ASSIGN(const auto* ranges, members.find_array("ranges"));
  if (!ecosystem || ranges == nullptr) return ok();
  for (const auto& item : *ranges) {
    AJWT_ASSIGN(const auto* range, as_object(item, "A range"));
    json::Members range_members(*range);
    AJWT_ASSIGN(const auto type, range_members.get_string("type"));
    AJWT_ASSIGN(const auto* events, range_members.get_array("events"));
    if (type == "GIT") continue;
    AJWT_TRY(append_events(advisory, *events,
                           AffectedRange{package_name, *ecosystem, "", std::nullopt}));
  }
  return ok();
}

Result<Advisory> parse_advisory(const json::Value& value) {
  AJWT_ASSIGN(const auto* object, as_object(value, "An advisory"));
  json::Members members(*object);
  AJWT_ASSIGN(auto id, members.get_string("id"));
  AJWT_ASSIGN(auto summary, members.find_string("summary"));
  AJWT_ASSIGN(const auto* affected, members.get_array("affected"));
  Advisory advisory{std::move(id), summary.value_or(""), {}};
  for (const auto& item : *affected) {
    AJWT_ASSIGN(const auto* one, as_object(item, "An affected entry"));
    AJWT_TRY(append_affected(advisory, *one));
  }
  return advisory;
}

bool hits(const AffectedRange& range, Ecosystem ecosystem, std::string_view package,
          std::string_view version) {
  if (range.ecosystem != ecosystem || range.package != package) return false;
  const bool after = range.introduced == "0" ||
                     std::is_gteq(compare_versions(ecosystem, version, range.introduced));
  return after && (!range.fixed || std::is_lt(compare_versions(ecosystem, version, *range.fixed)));
}

}  // namespace

Result<std::vector<Advisory>> parse_advisories(std::string_view text) {
  AJWT_ASSIGN(const auto root,
              json::parse(text, {.max_bytes = kMaxAdvisoryBytes, .max_depth = 32}));
  json::Array one;
  const json::Array* entries = root.find_array();
  if (const auto* object = root.find_object()) {
    const json::Value* vulns = object->find("vulns");
    entries = vulns == nullptr ? nullptr : vulns->find_array();
    if (entries == nullptr) {
      one.push_back(root);
      entries = &one;
    }
  }
  if (entries == nullptr) return refuse(Code::k_value_malformed, "Not a list of advisories.");
  std::vector<Advisory> advisories;
  for (const auto& entry : *entries) {
    AJWT_ASSIGN(auto advisory, parse_advisory(entry));
    advisories.push_back(std::move(advisory));
  }
  return advisories;
}

std::vector<Finding> find_advisories(const std::vector<Advisory>& advisories, Ecosystem ecosystem,
                                     std::string_view package, std::string_view version) {
  std::vector<Finding> findings;
  for (const auto& advisory : advisories) {
    for (const auto& range : advisory.ranges) {
      if (!hits(range, ecosystem, package, version)) continue;
      findings.push_back({advisory.id, advisory.summary, range.fixed});
    }
  }
  return findings;
}

}  // namespace ajwt::demo
