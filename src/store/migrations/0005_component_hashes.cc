// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

namespace ajwt::store {

// MACs of an agent's parts as JSON, '' where a registration has none, and of each application the
// key that they are made with, sealed.
const char* const kComponentHashes = R"sql(
ALTER TABLE registrations ADD COLUMN component_hmacs TEXT NOT NULL DEFAULT '';

CREATE TABLE component_keys (
  app_id TEXT NOT NULL PRIMARY KEY REFERENCES applications,
  sealed BLOB NOT NULL
) STRICT;
)sql";

}  // namespace ajwt::store
