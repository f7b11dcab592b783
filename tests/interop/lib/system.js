// SPDX-License-Identifier: Apache-2.0
//
// The real thing: `ajwt dev` on loopback, on ports that are free, in a folder that goes with it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const startWithinMs = 20_000;
const stopWithinMs = 5_000;

// startSystem resolves when authority, guard and sample API are ready, with what `ajwt dev` says
// of itself (issuer, guard_url, audience, key files, ...) and stop().
export async function startSystem() {
  const folder = mkdtempSync(join(tmpdir(), 'ajwt-interop-'));
  const child = spawn(
    join(process.env.AJWT_BUILD, 'ajwt'),
    ['dev', '--ephemeral', '--port-base', '0', '-o', 'json'],
    // A developer's own AJWT_* settings must not steer the system under test.
    { cwd: folder, env: { TMPDIR: folder }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  // Whatever becomes of this process, what it started and wrote does not outlive it.
  const abandon = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  // SIGTERM is how the test runner ends a file that hangs; by default neither would tell 'exit'.
  const quit = () => process.exit(1);
  process.once('exit', abandon).once('SIGTERM', quit).once('SIGINT', quit);
  const exited = once(child, 'exit');
  const errors = collect(child.stderr);

  const stop = async () => {
    child.kill('SIGTERM');
    const outcome = await within(exited, stopWithinMs);
    abandon();
    process.off('exit', abandon).off('SIGTERM', quit).off('SIGINT', quit);
    if (!outcome) throw new Error(`ajwt dev did not stop within ${stopWithinMs} ms`);
    const [code, signal] = outcome;
    if (code !== 0) throw new Error(`ajwt dev ended with ${code ?? signal}: ${errors()}`);
  };

  const info = await within(readJson(child.stdout), startWithinMs);
  if (!info?.issuer) {
    await stop().catch(() => {});
    throw new Error(`ajwt dev did not start: ${info ? JSON.stringify(info) : errors()}`);
  }
  return { ...info, stop };
}

// readJson resolves with the object that a stream begins with; the stream need not end after it.
function readJson(stream) {
  return new Promise((resolve) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      try {
        resolve(JSON.parse(text));
      } catch {
        // It is not all there yet.
      }
    });
    stream.on('end', () => resolve(null));
  });
}

function collect(stream) {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  return () => text;
}

// within resolves with nothing if the promise takes too long.
function within(promise, milliseconds) {
  return Promise.race([promise, sleep(milliseconds, undefined, { ref: false })]);
}
