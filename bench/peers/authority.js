// SPDX-License-Identifier: Apache-2.0
//
// oidc-provider as its documentation sets it up, for client_credentials with DPoP: JWT access tokens
// for one resource, a nonce demanded, everything kept in its memory adapter. The argument is JSON:
//
//   {issuer_key, audience, scope, algorithm, clients: [{client_id, client_secret? | jwk?}]}
//
// It prints {"port"} and serves until its standard input ends.

import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';

const { issuer_key, audience, scope, algorithm, clients } = JSON.parse(process.argv[2]);

const server = createServer();
server.keepAliveTimeout = 60_000;
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const { port } = server.address();

const metadata = ({ client_id, client_secret, jwk }) => ({
  client_id,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  scope,
  dpop_bound_access_tokens: true,
  ...(jwk
    ? {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: algorithm,
        jwks: { keys: [jwk] },
      }
    : { token_endpoint_auth_method: 'client_secret_basic', client_secret }),
});

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: clients.map(metadata),
  jwks: { keys: [issuer_key] },
  scopes: [scope],
  enabledJWA: {
    clientAuthSigningAlgValues: [algorithm],
    dPoPSigningAlgValues: [algorithm],
    idTokenSigningAlgValues: [algorithm],
  },
  clientDefaults: { id_token_signed_response_alg: algorithm },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope,
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: algorithm } },
      }),
    },
  },
});
// A fault of ours in setting it up is to be seen.
provider.on('server_error', (_ctx, error) => console.error(error));

server.on('request', provider.callback());
console.log(JSON.stringify({ port }));
process.stdin.on('end', () => process.exit(0)).resume();
