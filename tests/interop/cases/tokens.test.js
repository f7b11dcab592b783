// SPDX-License-Identifier: Apache-2.0
//
// jose verifies our tokens from our keys (RFC 7515, 7517, 9068); they say what protocol 5.1 says.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { calculateJwkThumbprint, createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose';
import { addClients, apiScope, claimsOf, openExecution, registerFleet } from '../lib/fleet.js';
import { draftHash } from '../lib/hashes.js';
import { algorithms, makeKey } from '../lib/keys.js';
import { discover, requestClientToken, requestIntentToken } from '../lib/oauth.js';
import { startSystem } from '../lib/system.js';
import { tampered } from '../lib/tampered.js';

const system = await startSystem();
after(() => system.stop());
const as = await discover(system.issuer);
const keys = createRemoteJWKSet(new URL(as.jwks_uri));
const { keys: published } = await fetch(as.jwks_uri).then((response) => response.json());
const { jwk: foreign } = await makeKey('EdDSA');
const expected = { issuer: system.issuer, audience: system.audience, typ: 'at+jwt' };
const { withSecret } = await addClients(system, as);

const clientKey = await makeKey('ES256');
const { access_token: clientToken } = await requestClientToken(
  as,
  withSecret,
  { scope: apiScope, resource: system.audience },
  clientKey,
);

test('a token of client_credentials', async () => {
  const { payload } = await jwtVerify(clientToken, keys, expected);
  const { iat, nbf, exp, jti, ...rest } = payload;
  assert.deepEqual(rest, {
    iss: system.issuer,
    aud: system.audience,
    sub: withSecret.id,
    client_id: system.app_id,
    scope: apiScope,
    cnf: { jkt: await calculateJwkThumbprint(clientKey.jwk) },
  });
  assert.ok(nbf === iat && exp > iat && jti.length >= 22);
});

for (const alg of algorithms) {
  test(`intent tokens of agents with keys of ${alg}`, async () => {
    const fleet = await registerFleet(system, as, alg);
    const { reader, advisor } = fleet;
    const run = await openExecution(system, as, withSecret, fleet);
    const mint = async (agent, parameters) => {
      const claims = claimsOf(agent);
      const answer = await requestIntentToken(as, withSecret, parameters, agent.key, claims);
      const { payload, protectedHeader } = await jwtVerify(answer.access_token, keys, expected);
      assert.equal(protectedHeader.typ, 'at+jwt');
      return payload;
    };
    const first = await mint(reader, run.read);
    await run.complete(reader, 'read_manifest');
    const second = await mint(advisor, run.query);

    checkIntentToken(first, {
      fleet,
      run,
      agent: reader,
      step: 'read_manifest',
      tool: 'read_manifest',
      scope: 'manifest:read',
      chain: [reader],
      steps: ['read_manifest'],
    });
    checkIntentToken(second, {
      fleet,
      run,
      agent: advisor,
      step: 'query_advisories',
      tool: 'query_advisories',
      scope: 'advisory:read',
      chain: [reader, advisor],
      steps: ['read_manifest', 'query_advisories'],
    });
    assert.equal(first.cnf.jkt, await calculateJwkThumbprint(reader.key.jwk));
    assert.equal(second.cnf.jkt, await calculateJwkThumbprint(advisor.key.jwk));
    assert.notEqual(first.jti, second.jti);
  });
}

// checkIntentToken holds every claim against protocol 5.1; a claim more or less fails.
function checkIntentToken(payload, { fleet, run, agent, step, tool, scope, chain, steps }) {
  const subjectOf = ({ id }) => `agent:${system.app_id}:${id}`;
  const { iat, nbf, exp, jti, intent, ...rest } = payload;
  assert.deepEqual(rest, {
    iss: system.issuer,
    aud: system.audience,
    sub: subjectOf(agent),
    client_id: system.app_id,
    scope,
    cnf: { jkt: agent.key.jkt },
    sub_profile: 'agent',
    agent_proof: { registration_id: agent.registration.registration_id },
    authorization_details: [{ type: 'agent_tool', tool }],
  });
  assert.ok(nbf === iat && exp > iat && exp - iat <= 300 && jti.length >= 22);

  const { delegation_digest: delegationDigest, step_sequence_digest: stepDigest, ...said } = intent;
  assert.deepEqual(said, {
    workflow_id: system.workflow_id,
    workflow_version: fleet.workflowVersion,
    workflow_step: step,
    execution_id: run.id,
    executed_by: subjectOf(agent),
    initiated_by: `app:${system.app_id}`,
    delegators: chain.slice(0, -1).reverse().map(subjectOf),
    delegation_chain: draftHash(chain.map(({ id }) => id)),
    step_sequence_hash: draftHash(steps),
  });
  for (const digest of [delegationDigest, stepDigest]) assert.match(digest, /^[\w-]{43}$/);
}

describe('jose refuses', () => {
  test('the token with a set of foreign keys', async () => {
    const set = createLocalJWKSet({ keys: [{ ...foreign, kid: 'foreign' }] });
    await assert.rejects(jwtVerify(clientToken, set, expected), {
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    });
  });

  test('the token with a foreign key under our kid', async () => {
    const set = createLocalJWKSet({ keys: [{ ...foreign, kid: published[0].kid }] });
    await assert.rejects(jwtVerify(clientToken, set, expected), {
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  test('the token with another signature', async () => {
    await assert.rejects(jwtVerify(tampered(clientToken), keys, expected), {
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  for (const [claim, wrong] of [
    ['aud', { audience: 'https://other.example' }],
    ['iss', { issuer: 'https://as.example' }],
    ['typ', { typ: 'dpop+jwt' }],
  ]) {
    test(`the token for another ${claim}`, async () => {
      await assert.rejects(jwtVerify(clientToken, keys, { ...expected, ...wrong }), {
        code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
        claim,
        reason: 'check_failed',
      });
    });
  }
});

test('the kid is the thumbprint of its key', async () => {
  assert.ok(published.length > 0);
  for (const jwk of published) {
    assert.equal(jwk.kid, await calculateJwkThumbprint(jwk));
    assert.ok(!('d' in jwk), 'no private part is published');
  }
});
