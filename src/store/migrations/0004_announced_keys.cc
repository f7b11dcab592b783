// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

namespace ajwt::store {

// The signing key that is published and does not sign yet: one at most. When it begins to sign, it
// moves to signing_keys.
const char* const kAnnouncedKeys = R"sql(
CREATE TABLE announced_keys (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  kid TEXT NOT NULL,
  public_key TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
)sql";

}  // namespace ajwt::store
