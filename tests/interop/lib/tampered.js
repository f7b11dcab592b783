// SPDX-License-Identifier: Apache-2.0

// tampered returns the JWS with one bit of its signature changed; it is as well-formed as before.
export function tampered(jws) {
  const [header, payload, encoded] = jws.split('.');
  const signature = Buffer.from(encoded, 'base64url');
  signature[0] ^= 1;
  return [header, payload, signature.toString('base64url')].join('.');
}
