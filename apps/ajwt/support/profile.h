// SPDX-License-Identifier: Apache-2.0
//
// How a command finds its authority and whom it acts as, and the connection that comes of it. The
// command line administers over HTTP alone (protocol 7).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ajwt/support/session.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "json/value.h"
#include "protocol/scope.h"
#include "shim/authority_client.h"

namespace ajwt::app {

// Role says as whom a command acts where the choice is not the user's: `ajwt dev` knows an
// administrator, an application's client that mints, and the one that registers.
enum class Role { kAdministrator, kApplication, kRegistrar };

// Environment looks a variable up; nothing if it is unset or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Environment process_environment();

// Profile is whom to ask and as whom.
struct Profile {
  std::string issuer;
  std::string client_id;
  std::string key_file;
  std::string ca_file;                // empty: the system's authorities
  std::optional<std::string> app_id;  // the application that `ajwt dev` has
};

// resolve_profile finds the profile: the flags --authority, --client-id and --key, completed by
// AJWT_AUTHORITY, AJWT_CLIENT_ID and AJWT_KEY; then --profile FILE; then these three variables
// alone; then ./.ajwt-dev/dev.json. The first of these that says anything must say everything.
// Refuses k_parameter_missing with what to do, and what reading a private file refuses.
Result<Profile> resolve_profile(const ProfileOptions& options, const Environment& environment,
                                Role role);

// check_plain_http refuses k_configuration_refused for a URL over plain http that is not
// loopback's, where credentials, tokens and keys could be read or changed on the way.
Status check_plain_http(const std::string& url);

// Connection makes requests for one command.
class Connection {
 public:
  // open resolves the profile and reads the key. Refuses what these refuse.
  static Result<std::unique_ptr<Connection>> open(const Session& session, Role role);

  // get, post and such ask with a token for the first of `scopes` that this client holds: an
  // administrator's and an application's own scope may open the same door. The answer is an object.
  Result<json::Object> get(const std::string& path, const Scopes& scopes);
  Result<json::Object> send(const std::string& method, const std::string& path, json::Object body,
                            const Scopes& scopes);
  // send_holding asks with one token for all of `scopes`.
  Result<json::Object> send_holding(const std::string& method, const std::string& path,
                                    json::Object body, const Scopes& scopes);
  // send_with_agent is `send` in which an agent's key proves itself too (protocol 6.3).
  Result<json::Object> send_with_agent(const std::string& path, json::Object body,
                                       const Scopes& scopes, const shim::AgentIdentity& agent);

  const Profile& profile() const { return profile_; }
  // get_app_id returns `named`, or the profile's application; refuses k_parameter_missing.
  Result<std::string> get_app_id(const std::string& named) const;

 private:
  using Attempt = std::function<Result<json::Value>(const Scopes&)>;
  Connection(Profile profile, http::CurlClientOptions options)
      : profile_(std::move(profile)), http_(std::move(options)) {}
  static Result<json::Object> with_first_of(const Scopes& scopes, const Attempt& attempt);

  Profile profile_;
  SystemClock clock_;
  http::CurlClient http_;
  std::unique_ptr<shim::AuthorityClient> client_;
};

// path_segment percent-encodes an id for a path.
std::string path_segment(std::string_view id);

}  // namespace ajwt::app
