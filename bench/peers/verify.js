// SPDX-License-Identifier: Apache-2.0
//
// jose's jwtVerify alone, one token after the other. The argument is JSON:
//
//   {issuer, audience, unix_time, tokens: {<algorithm>: <compact JWS>}, jwks}
//
// It prints a line when it is ready. For each line "<algorithm> <times>" that it reads, it verifies
// the token of that algorithm so many times and prints a line; it ends when its input does.

import { createInterface } from 'node:readline';
import { createLocalJWKSet, jwtVerify } from 'jose';

const { issuer, audience, unix_time, tokens, jwks } = JSON.parse(process.argv[2]);
const keys = createLocalJWKSet(jwks);
const currentDate = new Date(unix_time * 1000);

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [algorithm, times] = line.split(' ');
  const options = { issuer, audience, typ: 'at+jwt', algorithms: [algorithm], currentDate };
  for (let i = 0; i < Number(times); i += 1) await jwtVerify(tokens[algorithm], keys, options);
  console.log('done');
}
