// SPDX-License-Identifier: Apache-2.0
//
// Requests with proofs made by jose alone, through the guard to the API behind it (protocol 8).

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { addClients, apiScope, claimsOf, openExecution, registerFleet } from '../lib/fleet.js';
import { sha256 } from '../lib/hashes.js';
import { algorithms, makeKey } from '../lib/keys.js';
import * as library from '../lib/oauth.js';
import { dpopProof } from '../lib/proofs.js';
import { assertRefused } from '../lib/refusals.js';
import { startSystem } from '../lib/system.js';
import { tampered } from '../lib/tampered.js';

const system = await startSystem();
after(() => system.stop());
const as = await library.discover(system.issuer);
const { withSecret } = await addClients(system, as);

const mint = async (agent, parameters) =>
  (await library.requestIntentToken(as, withSecret, parameters, agent.key, claimsOf(agent)))
    .access_token;

const readManifest = { method: 'GET', path: '/manifest' };
const queryAdvisories = {
  method: 'POST',
  path: '/advisories/query',
  body: JSON.stringify({ packages: [{ name: 'nothing', version: '1.0.0' }] }),
};

// prove makes a proof for a call. The nonce is the one that the guard gives out now.
async function prove(key, token, { method, path, body }) {
  const asked = await fetch(system.guard_url + path, { method, body });
  const nonce = asked.headers.get('dpop-nonce');
  return dpopProof(key, { method, url: system.guard_url + path, nonce, token, body });
}

function send({ method, path, body }, token, proof, scheme = 'DPoP') {
  const headers = { authorization: `${scheme} ${token}`, dpop: proof };
  if (body) headers['content-type'] = 'application/json';
  return fetch(system.guard_url + path, { method, body, headers });
}

const fleet = await registerFleet(system, as, 'EdDSA');
const { reader, advisor } = fleet;
const run = await openExecution(system, as, withSecret, fleet);
const token = await mint(reader, run.read);

for (const alg of algorithms) {
  test(`agents with keys of ${alg} reach the API, step by step`, async () => {
    const fleet = await registerFleet(system, as, alg);
    const { reader, advisor } = fleet;
    const run = await openExecution(system, as, withSecret, fleet);

    const readToken = await mint(reader, run.read);
    const proof = await prove(reader.key, readToken, readManifest);
    const manifest = await send(readManifest, readToken, proof);
    assert.equal(manifest.status, 200);
    const read = await manifest.json();
    assert.ok(read.packages.length > 0);
    assert.deepEqual(read.caller, {
      'X-Agent-Subject': `agent:${system.app_id}:${reader.id}`,
      'X-Agent-Step': 'read_manifest',
      'X-Agent-Tool': 'read_manifest',
      'X-Agent-Scope': 'manifest:read',
      'X-Agent-Execution': run.id,
    });

    await run.complete(reader, 'read_manifest');
    const queryToken = await mint(advisor, run.query);
    const bound = await prove(advisor.key, queryToken, queryAdvisories);
    const advisories = await send(queryAdvisories, queryToken, bound);
    assert.equal(advisories.status, 200);
    const { caller, findings } = await advisories.json();
    assert.deepEqual(findings, []);
    assert.equal(caller['X-Agent-Delegators'], `agent:${system.app_id}:${reader.id}`);
  });
}

test('oauth4webapi reaches the API by itself, after one round for the nonce', async () => {
  const fleet = await registerFleet(system, as, 'ES256');
  const { reader, advisor } = fleet;
  const run = await openExecution(system, as, withSecret, fleet);
  await mint(reader, run.read);
  await run.complete(reader, 'read_manifest');
  const token = await mint(advisor, run.query);

  const { method, path, body } = queryAdvisories;
  const DPoP = library.dpopHandle(advisor.key, () => ({ bd: sha256(body) }));
  let rounds = 0;
  const response = await library.withNonce(() => {
    rounds += 1;
    const url = new URL(path, system.guard_url);
    const headers = new Headers({ 'content-type': 'application/json' });
    const options = { DPoP, ...library.insecure };
    return oauth.protectedResourceRequest(token, method, url, headers, body, options);
  });
  assert.equal(response.status, 200);
  assert.equal(rounds, 2);
});

describe('refused is', () => {
  test('the same proof again', async () => {
    const proof = await prove(reader.key, token, readManifest);
    assert.equal((await send(readManifest, token, proof)).status, 200);
    await assertRefused(send(readManifest, token, proof), {
      status: 401,
      error: 'invalid_dpop_proof',
      reason: 'proof_replayed',
    });
  });

  test('a token with another signature', async () => {
    const forged = tampered(token);
    const proof = await prove(reader.key, forged, readManifest);
    await assertRefused(send(readManifest, forged, proof), {
      status: 401,
      error: 'invalid_token',
      reason: 'jws_signature_invalid',
    });
  });

  test('a proof without a nonce', async () => {
    const url = system.guard_url + readManifest.path;
    const proof = await dpopProof(reader.key, { method: 'GET', url, token });
    await assertRefused(send(readManifest, token, proof), {
      status: 401,
      error: 'use_dpop_nonce',
      reason: 'proof_nonce_missing',
    });
  });

  test('a proof by another key', async () => {
    const proof = await prove(advisor.key, token, readManifest);
    await assertRefused(send(readManifest, token, proof), {
      status: 401,
      error: 'invalid_dpop_proof',
      reason: 'proof_key_mismatch',
    });
  });

  test('a proof for another token', async () => {
    const proof = await prove(reader.key, 'another', readManifest);
    await assertRefused(send(readManifest, token, proof), {
      status: 401,
      error: 'invalid_dpop_proof',
      reason: 'proof_token_mismatch',
    });
  });

  test('a token without a proof of its key, as a bearer', async () => {
    const proof = await prove(reader.key, token, readManifest);
    await assertRefused(send(readManifest, token, proof, 'Bearer'), {
      status: 401,
      error: 'invalid_token',
      reason: 'token_scheme_refused',
    });
  });

  test('a token of client_credentials', async () => {
    const key = await makeKey('ES256');
    const parameters = { scope: apiScope, audience: system.audience };
    const plain = await library.requestClientToken(as, withSecret, parameters, key);
    const proof = await prove(key, plain.access_token, readManifest);
    await assertRefused(send(readManifest, plain.access_token, proof), {
      status: 401,
      error: 'invalid_token',
      reason: 'intent_missing',
    });
  });

  test('a body that the proof does not bind, and a step that the route does not take', async () => {
    await run.complete(reader, 'read_manifest');
    const queryToken = await mint(advisor, run.query);
    const proof = await prove(advisor.key, queryToken, queryAdvisories);
    const otherBody = { ...queryAdvisories, body: JSON.stringify({ packages: [] }) };
    await assertRefused(send(otherBody, queryToken, proof), {
      status: 401,
      error: 'invalid_dpop_proof',
      reason: 'proof_body_mismatch',
    });

    const elsewhere = await prove(advisor.key, queryToken, readManifest);
    await assertRefused(send(readManifest, queryToken, elsewhere), {
      status: 403,
      error: 'insufficient_scope',
      reason: 'scope_insufficient',
    });
  });
});
