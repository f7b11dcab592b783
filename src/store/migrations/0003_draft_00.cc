// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

namespace ajwt::store {

// Profile draft-00 (protocol 5.3), in tables of its own.
const char* const kDraft00 = R"sql(
CREATE TABLE draft_clients (
  client_id TEXT NOT NULL PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES applications,
  secret_sha256 BLOB NOT NULL CHECK (length(secret_sha256) = 32),
  scopes TEXT NOT NULL,
  disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  row_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX draft_clients_by_application ON draft_clients (app_id, client_id);

CREATE TABLE draft_agents (
  app_id TEXT NOT NULL REFERENCES applications,
  agent_id TEXT NOT NULL,
  permissions TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  ended_at INTEGER,
  row_version INTEGER NOT NULL,
  PRIMARY KEY (app_id, agent_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft_registrations (
  registration_id TEXT NOT NULL PRIMARY KEY,
  app_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  checksum TEXT NOT NULL,
  profile TEXT NOT NULL,
  claimed_key TEXT,
  sealed_components BLOB NOT NULL,
  registered_at INTEGER NOT NULL,
  UNIQUE (app_id, agent_id, version),
  FOREIGN KEY (app_id, agent_id) REFERENCES draft_agents
) STRICT;

CREATE TABLE draft_workflows (
  app_id TEXT NOT NULL REFERENCES applications,
  workflow_id TEXT NOT NULL,
  definition TEXT NOT NULL,
  registered_by TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, workflow_id)
) STRICT;
CREATE TRIGGER draft_workflows_never_change BEFORE UPDATE ON draft_workflows
BEGIN SELECT RAISE(ABORT, 'a workflow never changes'); END;
)sql";

}  // namespace ajwt::store
