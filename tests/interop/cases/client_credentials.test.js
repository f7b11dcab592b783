// SPDX-License-Identifier: Apache-2.0
//
// client_credentials with DPoP (RFC 6749 4.4, RFC 9449), with both ways to authenticate.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { connect } from '../lib/api.js';
import { addClients } from '../lib/fleet.js';
import { algorithms, makeKey } from '../lib/keys.js';
import { discover, insecure, keyClient, requestClientToken, secretClient } from '../lib/oauth.js';
import { assertRefused } from '../lib/refusals.js';
import { startSystem } from '../lib/system.js';

const system = await startSystem();
after(() => system.stop());
const as = await discover(system.issuer);
const { withSecret, withKey } = await addClients(system, as);
const scope = 'generate:intent-token';
const key = await makeKey('EdDSA');

const ways = [
  ['client_secret_basic', withSecret],
  ...algorithms.map((alg) => [`private_key_jwt with ${alg}`, withKey[alg]]),
];
for (const [way, client] of ways) {
  test(`${way} gets a token after one round for the nonce`, async () => {
    const answers = [];
    const listen = {
      [oauth.customFetch]: async (...request) => {
        const response = await fetch(...request);
        answers.push(response.clone());
        return response;
      },
    };
    const token = await requestClientToken(as, client, { scope }, key, listen);
    assert.equal(token.token_type, 'dpop');
    assert.equal(token.scope, scope);
    assert.ok(token.expires_in > 0);
    assert.equal(answers.length, 2, 'one refusal for the nonce, one token');
    assert.ok(answers[0].headers.get('dpop-nonce'));
    await assertRefused(Promise.resolve(answers[0]), {
      status: 400,
      error: 'use_dpop_nonce',
      reason: 'proof_nonce_missing',
    });
  });
}

for (const alg of algorithms) {
  test(`a DPoP key of ${alg} is taken`, async () => {
    const token = await requestClientToken(as, withSecret, { scope }, await makeKey(alg));
    assert.equal(token.token_type, 'dpop');
  });
}

test("the token opens the authority's own interfaces", async () => {
  const call = await connect(as, withSecret, scope);
  assert.deepEqual(await call('GET', '/admin/whoami'), {
    client_id: withSecret.id,
    app_id: system.app_id,
    scope,
    client_scope: `${scope} manifest:read`,
  });
});

test('a wrong secret is refused', async () => {
  const wrong = secretClient(withSecret.id, 'no-such-secret');
  await assertRefused(requestClientToken(as, wrong, { scope }, key), {
    status: 401,
    error: 'invalid_client',
    reason: 'client_unauthenticated',
  });
});

test("an assertion by a key that is not the client's is refused", async () => {
  const { keyPair } = await makeKey('ES256');
  const stranger = keyClient(withKey.ES256.id, keyPair.privateKey);
  await assertRefused(requestClientToken(as, stranger, { scope }, key), {
    status: 401,
    error: 'invalid_client',
    reason: 'client_unauthenticated',
  });
});

test('an assertion for another server is refused', async () => {
  const elsewhere = {
    id: withKey.ES256.id,
    auth: (_as, ...rest) => withKey.ES256.auth({ ...as, issuer: 'https://as.example' }, ...rest),
  };
  const body = await assertRefused(requestClientToken(as, elsewhere, { scope }, key), {
    status: 401,
    error: 'invalid_client',
    reason: 'client_unauthenticated',
  });
  assert.match(body.error_description, /aud must be the issuer/);
});

test('an assertion is good once', async () => {
  const form = new URLSearchParams();
  await withKey.EdDSA.auth(as, { client_id: withKey.EdDSA.id }, form, new Headers());
  const again = {
    id: withKey.EdDSA.id,
    auth: (_as, _client, body) => form.forEach((value, name) => body.set(name, value)),
  };
  await requestClientToken(as, again, { scope }, key);
  await assertRefused(requestClientToken(as, again, { scope }, key), {
    status: 401,
    error: 'invalid_client',
    reason: 'client_assertion_replayed',
  });
});

test('a request without a proof is refused', async () => {
  const client = { client_id: withSecret.id };
  const request = oauth
    .clientCredentialsGrantRequest(as, client, withSecret.auth, { scope }, insecure)
    .then((response) => oauth.processClientCredentialsResponse(as, client, response));
  await assertRefused(request, {
    status: 400,
    error: 'invalid_dpop_proof',
    reason: 'proof_missing',
  });
});

test("a scope that is not the client's is refused", async () => {
  await assertRefused(requestClientToken(as, withSecret, { scope: 'admin:apps' }, key), {
    status: 400,
    error: 'invalid_scope',
    reason: 'scope_exceeds_ceiling',
  });
});

test('a secret in the body is refused', async () => {
  const post = { id: withSecret.id, auth: oauth.ClientSecretPost('no-such-secret') };
  await assertRefused(requestClientToken(as, post, { scope }, key), {
    status: 401,
    error: 'invalid_client',
    reason: 'client_unauthenticated',
  });
});
