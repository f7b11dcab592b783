// SPDX-License-Identifier: Apache-2.0
//
// Proofs made with jose alone.

import { SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { canonical, sha256 } from './hashes.js';

// sign makes a proof of a type; claims that are undefined are left out.
function sign(key, typ, claims) {
  return new SignJWT({ jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: key.alg, typ, jwk: key.jwk })
    .setIssuedAt()
    .sign(key.keyPair.privateKey);
}

// dpopProof is RFC 9449 4.2 with our claim `bd` (protocol 6.2). `url` has no query.
export function dpopProof(key, { method, url, nonce, token, body }) {
  return sign(key, 'dpop+jwt', {
    htm: method,
    htu: url,
    nonce,
    ath: token && sha256(token),
    bd: body && sha256(body),
  });
}

// agentProof is a member of `key_proofs` (protocol 6.3): for `body`, beside the key `besideJkt`.
export function agentProof(key, { method, url, nonce, body, besideJkt, agentChecksum }) {
  return sign(key, 'agent-proof+jwt', {
    htm: method,
    htu: url,
    nonce,
    bd: sha256(canonical(body)),
    jkt: besideJkt,
    agent_checksum: agentChecksum,
  });
}
