// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

namespace ajwt::store {

// Times are Unix seconds. Keys are public JWKs as JSON; lists and grants are JSON.
const char* const kFirstLight = R"sql(
CREATE TABLE applications (
  app_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  workflow_rule TEXT NOT NULL CHECK (workflow_rule IN ('required', 'optional')),
  checksum_in_tokens INTEGER NOT NULL CHECK (checksum_in_tokens IN (0, 1)),
  accepts_reference_checksum INTEGER NOT NULL CHECK (accepts_reference_checksum IN (0, 1)),
  audiences TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE clients (
  client_id TEXT NOT NULL PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES applications,
  auth TEXT NOT NULL CHECK (auth IN ('private_key_jwt', 'client_secret_basic')),
  secret_sha256 BLOB CHECK (length(secret_sha256) = 32),
  public_key TEXT,
  scopes TEXT NOT NULL,
  audiences TEXT NOT NULL,
  disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  row_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  -- A client without its credential could only ever be a way in by mistake.
  CHECK ((auth = 'private_key_jwt') = (public_key IS NOT NULL)),
  CHECK ((auth = 'client_secret_basic') = (secret_sha256 IS NOT NULL))
) STRICT;
CREATE INDEX clients_by_application ON clients (app_id, client_id);

-- Client assertions that were used; jti as SHA-256.
CREATE TABLE assertions (
  client_id TEXT NOT NULL,
  jti_sha256 BLOB NOT NULL CHECK (length(jti_sha256) = 32),
  until INTEGER NOT NULL,
  PRIMARY KEY (client_id, jti_sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX assertions_by_until ON assertions (until);

CREATE TABLE registrations (
  registration_id TEXT NOT NULL PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES applications,
  agent_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  state TEXT NOT NULL CHECK (state IN ('registered', 'verified', 'updated', 'revoked')),
  checksum TEXT NOT NULL,
  profile TEXT NOT NULL,
  recomputed INTEGER NOT NULL CHECK (recomputed IN (0, 1)),
  public_key TEXT NOT NULL,
  jkt TEXT NOT NULL,
  -- NULL: not frozen yet. '[]': nothing is allowed.
  permissions TEXT,
  permissions_origin TEXT NOT NULL CHECK (permissions_origin IN ('stated', 'frozen')),
  autonomy TEXT NOT NULL CHECK (autonomy IN ('supervised', 'semi', 'full')),
  sealed_components BLOB NOT NULL,
  registered_at INTEGER NOT NULL,
  row_version INTEGER NOT NULL,
  UNIQUE (app_id, agent_id, version)
) STRICT;
CREATE INDEX registrations_by_checksum ON registrations (app_id, checksum);

CREATE TABLE workflows (
  app_id TEXT NOT NULL REFERENCES applications,
  workflow_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  definition TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, workflow_id, version)
) STRICT;
CREATE TRIGGER workflows_never_change BEFORE UPDATE ON workflows
BEGIN SELECT RAISE(ABORT, 'a workflow version never changes'); END;
CREATE TRIGGER workflows_stay BEFORE DELETE ON workflows
BEGIN SELECT RAISE(ABORT, 'a workflow version is never removed'); END;

CREATE TABLE executions (
  execution_id TEXT NOT NULL PRIMARY KEY,
  app_id TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  workflow_version INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  closed_at INTEGER,
  row_version INTEGER NOT NULL,
  FOREIGN KEY (app_id, workflow_id, workflow_version) REFERENCES workflows
) STRICT;
CREATE INDEX executions_by_age ON executions (app_id, created_at, execution_id);

CREATE TABLE steps (
  execution_id TEXT NOT NULL REFERENCES executions,
  step_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'done', 'failed')),
  uses INTEGER NOT NULL,
  agent_id TEXT,
  registration_id TEXT REFERENCES registrations,
  jkt TEXT,
  sequence INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (execution_id, step_id)
) STRICT, WITHOUT ROWID;

-- leaf: the JCS form of the entry with its sequence.
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  app_id TEXT NOT NULL,
  decision_id TEXT NOT NULL,
  leaf TEXT NOT NULL,
  salt BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_application ON audit (app_id, sequence);
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  public_key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'retiring')),
  created_at INTEGER NOT NULL,
  retire_at INTEGER,
  CHECK ((state = 'retiring') = (retire_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (state) WHERE state = 'active';

-- Written to when readiness is asked for after a write has failed.
CREATE TABLE probes (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL
) STRICT;
INSERT INTO probes VALUES (1, 0);
)sql";

}  // namespace ajwt::store
