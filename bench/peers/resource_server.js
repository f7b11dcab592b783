// SPDX-License-Identifier: Apache-2.0
//
// A resource server on jose and node:http alone, with the checks that ajwt's guard makes of an
// intent token and its proof, and no others. The argument is JSON:
//
//   {issuer, jwks_uri, audience, algorithm, app, workflow, step, tool, scope}
//
// It prints {"port"} and serves until its standard input ends.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { calculateJwkThumbprint, createRemoteJWKSet, EmbeddedJWK, jwtVerify } from 'jose';

const rules = JSON.parse(process.argv[2]);
const algorithms = [rules.algorithm];
const keys = createRemoteJWKSet(new URL(rules.jwks_uri));

const proofWindow = 60;
const proofSkew = 30;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('base64url');
const unixTime = () => Math.floor(Date.now() / 1000);

class Refused extends Error {}
function demand(condition, reason) {
  if (!condition) throw new Refused(reason);
}

// A nonce is a MAC over the slice of time in which it was made, good in the next few.
const nonceKey = randomBytes(32);
const nonceSeconds = 60;
const nonceSlices = 5;
const slice = () => Math.floor(unixTime() / nonceSeconds);
const mac = (number) => createHmac('sha256', nonceKey).update(`${number}`).digest();
const nonceOf = (number) => `${number}.${mac(number).toString('base64url')}`;
function isOurNonce(nonce) {
  const [number, given] = String(nonce).split('.');
  const age = slice() - Number(number);
  if (!(age >= 0 && age < nonceSlices) || given === undefined) return false;
  const bytes = Buffer.from(given, 'base64url');
  const expected = mac(Number(number));
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

// The memory of used proofs, in two generations: an entry is remembered for as long as its proof
// could be accepted, at least.
let used = new Set();
let usedBefore = new Set();
setInterval(() => {
  usedBefore = used;
  used = new Set();
}, (proofWindow + proofSkew) * 1000).unref();
function isUnused(jkt, jti) {
  const pair = `${jkt} ${jti}`;
  if (used.has(pair) || usedBefore.has(pair)) return false;
  used.add(pair);
  return true;
}

async function verifyToken(token) {
  const { payload } = await jwtVerify(token, keys, {
    issuer: rules.issuer,
    audience: rules.audience,
    typ: 'at+jwt',
    algorithms,
    requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id', 'cnf'],
  });
  return payload;
}

async function verifyProof(proof, { method, url, token, body, jkt }) {
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms,
    requiredClaims: ['iat', 'jti'],
  });
  const age = unixTime() - payload.iat;
  demand(payload.htm === method, 'method');
  demand(payload.htu === url, 'uri');
  demand(age <= proofWindow && age >= -proofSkew, 'time');
  demand(isOurNonce(payload.nonce), 'nonce');
  demand(payload.ath === sha256(token), 'token hash');
  demand((await calculateJwkThumbprint(protectedHeader.jwk)) === jkt, 'key');
  demand(payload.bd === sha256(body), 'body');
  return payload;
}

function checkRoute(token) {
  demand(token.client_id === rules.app, 'application');
  demand(token.scope?.split(' ').includes(rules.scope), 'scope');
  demand(token.intent?.workflow_id === rules.workflow, 'workflow');
  demand(token.intent?.workflow_step === rules.step, 'step');
  const tools = token.authorization_details ?? [];
  demand(tools.some(({ type, tool }) => type === 'agent_tool' && tool === rules.tool), 'tool');
}

async function judge(request, body) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  demand(scheme === 'DPoP' && token && request.headers.dpop, 'token and proof');
  const verified = await verifyToken(token);
  const { jkt } = verified.cnf;
  const proof = await verifyProof(request.headers.dpop, {
    method: request.method,
    url: `http://127.0.0.1:${port}${request.url}`,
    token,
    body,
    jkt,
  });
  checkRoute(verified);
  demand(isUnused(jkt, proof.jti), 'used before');
}

async function answer(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  try {
    await judge(request, Buffer.concat(parts));
    response.setHeader('content-type', 'application/json').end('{"changed":1}');
  } catch (error) {
    response.statusCode = 401;
    response.setHeader('dpop-nonce', nonceOf(slice())).end(String(error?.message));
  }
}

const server = createServer(answer);
server.keepAliveTimeout = 60_000;
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const { port } = server.address();
console.log(JSON.stringify({ port }));
process.stdin.on('end', () => process.exit(0)).resume();
