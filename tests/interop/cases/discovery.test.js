// SPDX-License-Identifier: Apache-2.0
//
// RFC 8414: a stranger's library finds everything from the issuer alone.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { algorithms } from '../lib/keys.js';
import { discover, insecure } from '../lib/oauth.js';
import { assertMismatch } from '../lib/refusals.js';
import { startSystem } from '../lib/system.js';

const system = await startSystem();
after(() => system.stop());

test('oauth4webapi accepts the metadata', async () => {
  const as = await discover(system.issuer);
  assert.equal(as.issuer, system.issuer);
  assert.equal(as.token_endpoint, `${system.issuer}/oauth/token`);
  assert.equal(as.jwks_uri, `${system.issuer}/.well-known/jwks.json`);
  assert.deepEqual(as.token_endpoint_auth_methods_supported, [
    'private_key_jwt',
    'client_secret_basic',
  ]);
  for (const grantType of [
    'client_credentials',
    'agent_checksum',
    'urn:ietf:params:oauth:grant-type:agent_checksum',
  ]) {
    assert.ok(as.grant_types_supported.includes(grantType), grantType);
  }
  // Ed25519 is RFC 9864's name for what jose calls EdDSA.
  for (const alg of [...algorithms, 'Ed25519']) {
    assert.ok(as.dpop_signing_alg_values_supported.includes(alg), alg);
    assert.ok(as.token_endpoint_auth_signing_alg_values_supported.includes(alg), alg);
  }
});

test('oauth4webapi refuses it for another issuer', async () => {
  const request = { algorithm: 'oauth2', ...insecure };
  const response = await oauth.discoveryRequest(new URL(system.issuer), request);
  const processed = oauth.processDiscoveryResponse(new URL('https://as.example'), response);
  await assertMismatch(processed, oauth.JSON_ATTRIBUTE_COMPARISON, 'issuer');
});
