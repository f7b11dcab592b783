// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

namespace ajwt::store {

// Versions of agents that wait for their activation; versions of workflows that wait for a second
// administrator. What was registered before acts and is usable as it was.
const char* const kActivationAndConfirmation = R"sql(
ALTER TABLE applications ADD COLUMN activation TEXT NOT NULL DEFAULT 'at_registration'
  CHECK (activation IN ('at_registration', 'separate'));
ALTER TABLE applications ADD COLUMN workflow_confirmation TEXT NOT NULL DEFAULT 'none'
  CHECK (workflow_confirmation IN ('none', 'second_administrator'));

-- NULL: waits for its activation.
ALTER TABLE registrations ADD COLUMN activated_at INTEGER;
UPDATE registrations SET activated_at = registered_at;
CREATE UNIQUE INDEX registrations_one_acts ON registrations (app_id, agent_id)
  WHERE activated_at IS NOT NULL AND state <> 'updated';

-- '': registered before this was kept.
ALTER TABLE workflows ADD COLUMN registered_by TEXT NOT NULL DEFAULT '';
ALTER TABLE workflows ADD COLUMN confirmation_rule TEXT NOT NULL DEFAULT 'none'
  CHECK (confirmation_rule IN ('none', 'second_administrator'));

CREATE TABLE workflow_confirmations (
  app_id TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  confirmed_by TEXT NOT NULL,
  confirmed_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, workflow_id, version),
  FOREIGN KEY (app_id, workflow_id, version) REFERENCES workflows
) STRICT;
CREATE TRIGGER workflow_confirmations_never_change BEFORE UPDATE ON workflow_confirmations
BEGIN SELECT RAISE(ABORT, 'a confirmation never changes'); END;
CREATE TRIGGER workflow_confirmations_stay BEFORE DELETE ON workflow_confirmations
BEGIN SELECT RAISE(ABORT, 'a confirmation is never removed'); END;
)sql";

}  // namespace ajwt::store
