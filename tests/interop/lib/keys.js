// SPDX-License-Identifier: Apache-2.0
//
// Keys of every kind that the authority's metadata offers, made by jose.

import { calculateJwkThumbprint, exportJWK, generateKeyPair, importPKCS8 } from 'jose';
import { readFile } from 'node:fs/promises';

export const algorithms = ['EdDSA', 'ES256', 'PS256', 'RS256'];

// makeKey returns {alg, keyPair, jwk, jkt}; `jwk` is the public half.
export async function makeKey(alg) {
  const keyPair = await generateKeyPair(alg);
  const jwk = await exportJWK(keyPair.publicKey);
  return { alg, keyPair, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

// loadClientKey reads a client's key that `ajwt dev` has written: PKCS #8, Ed25519.
export async function loadClientKey(file) {
  return importPKCS8(await readFile(file, 'utf8'), 'EdDSA');
}
