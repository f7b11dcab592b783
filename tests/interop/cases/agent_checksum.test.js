// SPDX-License-Identifier: Apache-2.0
//
// The grant agent_checksum at POST /oauth/token (protocol 5), by a library that never heard of it.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { connect } from '../lib/api.js';
import { addClients, claimsOf, openExecution, registerFleet } from '../lib/fleet.js';
import { algorithms } from '../lib/keys.js';
import { discover, requestIntentToken } from '../lib/oauth.js';
import { assertRefused } from '../lib/refusals.js';
import { startSystem } from '../lib/system.js';

const system = await startSystem();
after(() => system.stop());
const as = await discover(system.issuer);
const { withSecret, withKey } = await addClients(system, as);
const grantTypes = ['agent_checksum', 'urn:ietf:params:oauth:grant-type:agent_checksum'];

const fleets = await Promise.all(algorithms.map((alg) => registerFleet(system, as, alg)));
const [fleet] = fleets;
const run = await openExecution(system, as, withSecret, fleet);

for (const each of fleets) {
  const { reader } = each;
  const { alg } = reader.key;
  describe(`agents with keys of ${alg}`, () => {
    test('are registered under the checksum that a stranger computes', () => {
      assert.equal(reader.registration.checksum, reader.checksum);
      assert.equal(reader.registration.jkt, reader.key.jkt);
    });

    for (const grantType of grantTypes) {
      for (const [way, client] of [
        ['client_secret_basic', withSecret],
        ['private_key_jwt', withKey[alg]],
      ]) {
        test(`get a token by ${grantType} with ${way}`, async () => {
          const { read } = await openExecution(system, as, client, each);
          const parameters = { ...read, grant_type: grantType };
          const claims = claimsOf(reader);
          const token = await requestIntentToken(as, client, parameters, reader.key, claims);
          assert.equal(token.token_type, 'dpop');
          assert.equal(token.scope, 'manifest:read');
          assert.ok(token.expires_in > 0 && token.expires_in <= 300);
        });
      }
    }
  });
}

test("the JSON door takes an access token, and the agent's proof beside it", async () => {
  const { reader } = fleet;
  const { read } = await openExecution(system, as, withSecret, fleet);
  const { scope, ...rest } = read;
  const call = await connect(as, withSecret, 'generate:intent-token');
  const body = { ...rest, requested_scopes: [scope] };
  const token = await call('POST', '/intent/token', body, reader);
  assert.equal(token.token_type, 'DPoP');
  assert.equal(token.scope, scope);
});

describe('refused is', () => {
  const { reader, advisor } = fleet;
  const request = (parameters, key, claims) =>
    requestIntentToken(as, withSecret, parameters, key, claims);

  test('an agent whose prompt was changed', async () => {
    const changed = `sha256:${'0'.repeat(64)}`;
    const parameters = { ...run.read, computed_checksum: changed };
    await assertRefused(request(parameters, reader.key, { agent_checksum: changed }), {
      status: 401,
      error: 'agent_checksum_mismatch',
      reason: 'agent_checksum_mismatch',
    });
  });

  test('an agent that names itself another', async () => {
    await assertRefused(request(run.read, advisor.key, claimsOf(reader)), {
      status: 400,
      error: 'invalid_dpop_proof',
      reason: 'agent_key_unknown',
    });
  });

  test('a proof that does not name the checksum', async () => {
    await assertRefused(request(run.read, reader.key, {}), {
      status: 400,
      error: 'invalid_dpop_proof',
      reason: 'proof_claim_missing',
    });
  });

  test('a proof that does not bind the body, as RFC 9449 alone would have it', async () => {
    await assertRefused(request(run.read, reader.key, { ...claimsOf(reader), bd: undefined }), {
      status: 400,
      error: 'invalid_dpop_proof',
      reason: 'proof_body_mismatch',
    });
  });

  test('a step before its turn', async () => {
    const body = await assertRefused(request(run.query, advisor.key, claimsOf(advisor)), {
      status: 403,
      error: 'workflow_step_unauthorized',
      reason: 'step_predecessors_missing',
    });
    assert.deepEqual(body.missing_steps, ['read_manifest']);
  });

  test('a scope beyond the step', async () => {
    const parameters = { ...run.read, scope: 'manifest:read manifest:write' };
    await assertRefused(request(parameters, reader.key, claimsOf(reader)), {
      status: 400,
      error: 'invalid_scope',
      reason: 'scope_exceeds_ceiling',
    });
  });

  test('an audience beyond the step', async () => {
    const parameters = { ...run.read, audience: 'https://other.example' };
    await assertRefused(request(parameters, reader.key, claimsOf(reader)), {
      status: 400,
      error: 'invalid_target',
      reason: 'audience_exceeds_ceiling',
    });
  });
});
