// SPDX-License-Identifier: Apache-2.0
//
// A refusal counts only with its reason: "not ok" is also what a broken test gets.

import assert from 'node:assert/strict';

// assertRefused takes what fetch or a call of oauth4webapi to our system resolves or rejects with.
// `expected` is {status, error, reason}, as docs/reference/reasons.md has them.
export async function assertRefused(promise, expected) {
  const outcome = await promise.catch((error) => error);
  const response = outcome instanceof Response ? outcome : outcome?.response;
  assert.ok(response, `no refusal of the system: ${outcome?.stack ?? JSON.stringify(outcome)}`);
  // The library has read the body already where it reports what was in it.
  const body = outcome.cause?.reason ? outcome.cause : await response.json();
  assert.deepEqual({ status: response.status, error: body.error, reason: body.reason }, expected);
  return body;
}

// assertMismatch is for what oauth4webapi itself refuses: by which code, and over which claim of a
// token or member of metadata.
export async function assertMismatch(promise, code, name) {
  const error = await promise.then(() => null, (refusal) => refusal);
  const found = { code: error?.code, name: error?.cause?.claim ?? error?.cause?.attribute };
  assert.deepEqual(found, { code, name }, error?.stack);
}
