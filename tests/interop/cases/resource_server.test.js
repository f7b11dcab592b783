// SPDX-License-Identifier: Apache-2.0
//
// An API that has no guard but verifies by oauth4webapi (RFC 9068, RFC 9449 7).

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { addClients, claimsOf, openExecution, registerFleet } from '../lib/fleet.js';
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
  const parameters = { scope: 'generate:intent-token', audience: system.audience };
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

// Known limit: protocol 5.1 has `jkt` and `jwk` of the one key in `cnf` (RFC 7800 3.1 allows both
// for one key), and the library takes one confirmation method alone. When this test fails, one of
// them has changed: then intent tokens belong into the accepted cases above.
test('an intent token is refused by the library for the second member of its cnf', async () => {
  const fleet = await registerFleet(system, as, 'EdDSA');
  const { reader } = fleet;
  const { read } = await openExecution(system, as, withSecret, fleet);
  const answer = await requestIntentToken(as, withSecret, read, reader.key, claimsOf(reader));
  await assert.rejects(validate(await present(reader.key, answer.access_token)), {
    code: oauth.UNSUPPORTED_OPERATION,
    message: 'multiple confirmation claims are not supported',
  });
});
