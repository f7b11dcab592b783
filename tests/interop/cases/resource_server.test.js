// SPDX-License-Identifier: Apache-2.0
//
// An API that has no guard but verifies by oauth4webapi (RFC 9068, RFC 9449 7).

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { addClients, apiScope, claimsOf, openExecution, registerFleet } from '../lib/fleet.js';
import { algorithms, makeKey } from '../lib/keys.js';
import { discover, insecure, requestClientToken, requestIntentToken } from '../lib/oauth.js';
import { dpopProof } from '../lib/proofs.js';
import { assertMismatch } from '../lib/refusals.js';
import { startSystem } from '../lib/system.js';
import { tampered } from '../lib/tampered.js';

const system = await startSystem();
after(() => system.stop());
const as = await discover(system.issuer);
const { withSecret } = await addClients(system, as);
const url = `${system.audience}/manifest`;
const mismatch = oauth.JWT_CLAIM_COMPARISON;

const getToken = async (key) => {
  const parameters = { scope: apiScope, audience: system.audience };
  return (await requestClientToken(as, withSecret, parameters, key)).access_token;
};
// present makes the request; `proven` is what the proof is for, if it is not this request.
const present = async (key, token, { proven = token, at = url } = {}) => {
  const proof = await dpopProof(key, { method: 'GET', url: at, token: proven });
  return new Request(url, { headers: { authorization: `DPoP ${token}`, dpop: proof } });
};
const validate = (request, audience = system.audience) =>
  oauth.validateJwtAccessToken(as, request, audience, { requireDPoP: true, ...insecure });

const key = await makeKey('EdDSA');
const token = await getToken(key);

for (const alg of algorithms) {
  test(`accepted is a token bound to a key of ${alg}`, async () => {
    const own = await makeKey(alg);
    const claims = await validate(await present(own, await getToken(own)));
    assert.equal(claims.sub, withSecret.id);
    assert.equal(claims.cnf.jkt, own.jkt);
  });
}

for (const alg of algorithms) {
  test(`accepted is an intent token of an agent with a key of ${alg}`, async () => {
    const fleet = await registerFleet(system, as, alg);
    const { reader } = fleet;
    const { read } = await openExecution(system, as, withSecret, fleet);
    const answer = await requestIntentToken(as, withSecret, read, reader.key, claimsOf(reader));
    const claims = await validate(await present(reader.key, answer.access_token));
    assert.equal(claims.sub, `agent:${system.app_id}:${reader.id}`);
    assert.equal(claims.intent.executed_by, claims.sub);
  });
}

describe('refused is', () => {
  test('a token for another audience', async () => {
    const request = await present(key, token);
    await assertMismatch(validate(request, 'https://other.example'), mismatch, 'aud');
  });

  test('a token with another signature', async () => {
    await assert.rejects(validate(await present(key, tampered(token))), {
      message: 'JWT signature verification failed',
    });
  });

  test('a proof for another URI', async () => {
    const request = await present(key, token, { at: 'https://other.example/manifest' });
    await assertMismatch(validate(request), mismatch, 'htu');
  });

  test('a proof for another token', async () => {
    const request = await present(key, token, { proven: 'another' });
    await assertMismatch(validate(request), mismatch, 'ath');
  });

  test('a proof by another key', async () => {
    const request = await present(await makeKey('EdDSA'), token);
    await assertMismatch(validate(request), mismatch, 'cnf.jkt');
  });
});
