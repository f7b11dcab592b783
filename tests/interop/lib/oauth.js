// SPDX-License-Identifier: Apache-2.0
//
// What the tests do through oauth4webapi, by its public interface alone.

import * as oauth from 'oauth4webapi';
import { sha256 } from './hashes.js';

// The library wants https; the system under test is on loopback.
export const insecure = { [oauth.allowInsecureRequests]: true };

export async function discover(issuer) {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure });
  return oauth.processDiscoveryResponse(url, response);
}

// withNonce is how the library's documentation repeats a request that was asked for a nonce.
export async function withNonce(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return attempt();
  }
}

// dpopHandle adds what `claims` returns to every proof that the library makes.
export function dpopHandle(key, claims = () => ({})) {
  return oauth.DPoP({}, key.keyPair, {
    [oauth.modifyAssertion](_header, payload) {
      Object.assign(payload, claims());
    },
  });
}

// A client here is {id, auth}; `auth` is one of the library's ways to authenticate.
export const secretClient = (id, secret) => ({ id, auth: oauth.ClientSecretBasic(secret) });
export const keyClient = (id, key) => ({ id, auth: oauth.PrivateKeyJwt(key) });

// requestClientToken gets a token by client_credentials, with nothing of ours in the proof.
export async function requestClientToken(as, { id, auth }, parameters, key, options = {}) {
  const client = { client_id: id };
  const DPoP = dpopHandle(key);
  return withNonce(async () => {
    const response = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, {
      DPoP,
      ...insecure,
      ...options,
    });
    return oauth.processClientCredentialsResponse(as, client, response);
  });
}

// requestIntentToken gets a token by the grant agent_checksum. The agent's proof has `claims`
// beside `bd`, which binds the body.
export async function requestIntentToken(as, { id, auth }, parameters, key, claims) {
  const client = { client_id: id };
  let body;
  const DPoP = dpopHandle(key, () => ({ bd: sha256(body), ...claims }));
  return withNonce(async () => {
    // The library signs the proof before it authenticates the client, which may add to the body.
    // So the client authenticates into the parameters first, by the same function of the library.
    const form = new URLSearchParams(parameters);
    const credentials = new Headers();
    await auth(as, client, form, credentials);
    body = form.toString();
    const authenticated = (_as, _client, _form, headers) =>
      credentials.forEach((value, name) => headers.set(name, value));
    const response = await oauth.genericTokenEndpointRequest(
      as,
      client,
      authenticated,
      parameters.grant_type,
      form,
      { DPoP, ...insecure },
    );
    return oauth.processGenericTokenEndpointResponse(as, client, response);
  });
}
