// SPDX-License-Identifier: Apache-2.0
//
// What the tests need at the authority, set up as its operators would: clients of the demo's
// application, agents with keys of one algorithm, and a version of the demo's workflow for them.
// The guard of `ajwt dev` has routes for that application and that workflow.

import { connect } from './api.js';
import { agentChecksum } from './hashes.js';
import { algorithms, loadClientKey, makeKey } from './keys.js';
import { keyClient, secretClient } from './oauth.js';

const mintScope = 'generate:intent-token';

// apiScope is one of the API: a scope of the authority is for the authority alone.
export const apiScope = 'manifest:read';

// addClients returns clients of the application that may mint and ask for apiScope: one with a secret, and one with a
// key of each algorithm, by algorithm.
export async function addClients(system, as) {
  const admin = keyClient(system.admin.client_id, await loadClientKey(system.admin.key_file));
  const call = await connect(as, admin, 'admin:apps');
  const add = (client_id, settings) =>
    call('POST', `/admin/apps/${system.app_id}/clients`, {
      client_id,
      scope: `${mintScope} ${apiScope}`,
      audiences: [system.audience],
      ...settings,
    });

  // A name that form encoding changes: RFC 6749 2.3.1 has it encoded within Basic.
  const secretId = 'interop_secret-1.x';
  const made = await add(secretId, { token_endpoint_auth_method: 'client_secret_basic' });
  const withKey = {};
  for (const alg of algorithms) {
    const key = await makeKey(alg);
    const id = `interop-${alg}`;
    await add(id, { token_endpoint_auth_method: 'private_key_jwt', jwk: key.jwk });
    withKey[alg] = keyClient(id, key.keyPair.privateKey);
  }
  return { withSecret: secretClient(secretId, made.client_secret), withKey };
}

let fleets = 0;

// registerFleet returns two new agents, `reader` and `advisor`, with keys of `alg`, and the version
// of the workflow in which they do the first two steps.
export async function registerFleet(system, as, alg) {
  const registrar = keyClient(
    system.registrar_client_id,
    await loadClientKey(system.registrar_key),
  );
  const call = await connect(as, registrar, 'register:intent register:workflow');
  const number = ++fleets;
  const reader = await registerAgent(call, system.app_id, `reader-${number}`, alg);
  const advisor = await registerAgent(call, system.app_id, `advisor-${number}`, alg);
  const step = (agent, action, scope, dependencies) => ({
    agent_id: agent.id,
    action,
    scopes: [scope],
    audience: system.audience,
    dependencies,
  });
  const workflow = await call('POST', '/intent/register/workflow', {
    workflow_id: system.workflow_id,
    steps: {
      read_manifest: step(reader, 'read_manifest', 'manifest:read', []),
      query_advisories: step(advisor, 'query_advisories', 'advisory:read', ['read_manifest']),
    },
  });
  return { reader, advisor, workflowVersion: workflow.version };
}

async function registerAgent(call, appId, id, alg) {
  const key = await makeKey(alg);
  const components = {
    agent_id: id,
    prompt_template: 'You read what you are given.\nYou change nothing.',
    tools: [{ name: 'read', description: 'Reads.', signature: 'read()' }],
    configuration: { model_name: 'none', temperature: 0 },
  };
  const checksum = agentChecksum(components);
  const registration = await call(
    'POST',
    '/intent/register/agent',
    { app_id: appId, agent_components: components, jwk: key.jwk },
    { key, checksum },
  );
  return { id, key, checksum, registration };
}

// openExecution opens a run of the fleet's version and returns what a mint within it asks for.
export async function openExecution(system, as, client, fleet) {
  const call = await connect(as, client, mintScope);
  const execution = await call('POST', '/intent/executions', {
    workflow_id: system.workflow_id,
    workflow_version: fleet.workflowVersion,
  });
  const within = (agent, step, scope) => ({
    grant_type: 'agent_checksum',
    agent_id: agent.id,
    computed_checksum: agent.checksum,
    scope,
    audience: system.audience,
    workflow_id: system.workflow_id,
    workflow_step: step,
    execution_id: execution.execution_id,
  });
  return {
    id: execution.execution_id,
    read: within(fleet.reader, 'read_manifest', 'manifest:read'),
    query: within(fleet.advisor, 'query_advisories', 'advisory:read'),
    complete: (agent, step) =>
      call(
        'POST',
        `/intent/executions/${execution.execution_id}/steps/${step}/complete`,
        { agent_id: agent.id, outcome: 'done' },
        agent,
      ),
  };
}

// claimsOf is what the agent's proof says at mint beside `bd`.
export const claimsOf = (agent) => ({ agent_id: agent.id, agent_checksum: agent.checksum });
