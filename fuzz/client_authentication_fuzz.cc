// SPDX-License-Identifier: Apache-2.0
//
// Client authentication: no Authorization field and no assertion that lacks the client's secret or
// key authenticates anybody, and every one gets an answer.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "authority/authority.h"
#include "authority/oauth/client_authentication.h"
#include "base/check.h"
#include "fuzz/support/choices.h"
#include "fuzz/support/must.h"
#include "protocol/names.h"
#include "store/sqlite_store.h"

namespace ajwt {
namespace {

using authority::BodyCredentials;
using authority::ClientAuthenticator;

constexpr Instant kNow = from_unix(1'800'000'000);

// Scene is a store that knows the administrators' client, whose key is thrown away.
struct Scene {
  Scene()
      : store(fuzz::must(store::SqliteStore::open_in_memory())),
        clients(fuzz::must(
            ClientAuthenticator::create(*store, "https://authority.example", Seconds(60)))) {
    const auto key = fuzz::must(crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
    AJWT_CHECK(authority::create_administrator(*store, key.public_key(), kNow).has_value());
  }
  std::unique_ptr<store::SqliteStore> store;
  ClientAuthenticator clients;
};

void check_refused(const Scene& scene, const authority::Credentials& credentials) {
  if (const auto* basic = std::get_if<authority::BasicCredentials>(&credentials)) {
    AJWT_CHECK(!scene.clients.authenticate(*basic));
  } else if (const auto* assertion = std::get_if<authority::ClientAssertion>(&credentials)) {
    AJWT_CHECK(!scene.clients.authenticate(*assertion, kNow));
  }
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  static const Scene scene;
  const std::string text(fuzz::text_of(data, size));
  HttpHeaders headers;
  headers.add(names::kAuthorization, text);
  if (const auto in_header = authority::read_credentials(headers, BodyCredentials{})) {
    check_refused(scene, *in_header);
  }
  BodyCredentials body;
  body.client_assertion = text;
  body.client_assertion_type = std::string(names::kJwtBearerAssertion);
  const auto in_body = authority::read_credentials({}, body);
  AJWT_CHECK(in_body.has_value());
  check_refused(scene, *in_body);
  return 0;
}
