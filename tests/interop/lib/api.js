// SPDX-License-Identifier: Apache-2.0
//
// Calls of a JSON interface with a client's access token, through oauth4webapi; the agent's key
// proves itself beside it by jose.

import * as oauth from 'oauth4webapi';
import { sha256 } from './hashes.js';
import { makeKey } from './keys.js';
import { dpopHandle, insecure, requestClientToken, withNonce } from './oauth.js';
import { agentProof } from './proofs.js';

// connect gets `client` a token for the authority's own interfaces and returns what calls them:
// call(method, path, body?, {key, checksum}?) resolves with the answer's JSON.
export async function connect(as, client, scope) {
  const key = await makeKey('ES256');
  let sent;
  // The library keeps the nonce for its own proofs; those that jose makes need it, too.
  let nonce;
  const options = {
    DPoP: dpopHandle(key, () => (sent ? { bd: sha256(sent) } : {})),
    ...insecure,
    [oauth.customFetch]: async (...request) => {
      const response = await fetch(...request);
      nonce = response.headers.get('dpop-nonce') ?? nonce;
      return response;
    },
  };
  const { access_token: token } = await requestClientToken(as, client, { scope }, key, options);

  return (method, path, body, agent) =>
    withNonce(async () => {
      const url = new URL(path, as.issuer);
      let whole = body;
      if (agent) {
        const facts = { method, url: url.href, nonce, body, besideJkt: key.jkt };
        const proof = await agentProof(agent.key, { ...facts, agentChecksum: agent.checksum });
        whole = { ...body, key_proofs: [proof] };
      }
      sent = whole && JSON.stringify(whole);
      const headers = new Headers(sent && { 'content-type': 'application/json' });
      const call = [token, method, url, headers, sent, options];
      const response = await oauth.protectedResourceRequest(...call);
      const answer = await response.json();
      if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
      return answer;
    });
}
