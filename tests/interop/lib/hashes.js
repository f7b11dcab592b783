// SPDX-License-Identifier: Apache-2.0
//
// Hashes of the protocol, written down from its page and not from its code.

import { createHash } from 'node:crypto';

// sha256 is what proofs bind by: `bd`, `qd` and `ath`.
export function sha256(text) {
  return createHash('sha256').update(text).digest('base64url');
}

// canonical is the JCS form. RFC 8785 is defined by ECMAScript's own JSON and string order.
export function canonical(value) {
  return JSON.stringify(value, (_name, member) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

// agentChecksum is protocol 3.1 for a prompt of single lines and tools in order.
export function agentChecksum(components) {
  return `sha256:${createHash('sha256').update(canonical(components)).digest('hex')}`;
}

// draftHash is draft 4.4.4, short hashes over ids.
export function draftHash(ids) {
  return createHash('sha256').update(ids.join('|')).digest('hex').slice(0, 16);
}
