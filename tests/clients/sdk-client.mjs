// usage: ACTORS_CLIENTS=DIR node sdk-client.mjs URL
// The official TypeScript SDK (2025-11-25) against a running silo that has the example workflow `echo`.
// Prints one JSON line: {"ok": true, …facts} or {"ok": false, "error"}; the exit code says the same.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

// ACTORS_TOKEN: bearer token, for a silo that asks for one. ACTORS_CLIENTS: where install.sh put the packages.
const [url] = process.argv.slice(2);
const { ACTORS_CLIENTS: clients, ACTORS_TOKEN: token } = process.env;
if (!url || !clients) {
  console.error("usage: ACTORS_CLIENTS=DIR node sdk-client.mjs URL (or tests/clients/sdk-client.sh URL)");
  process.exit(2);
}
const load = createRequire(join(clients, "package.json"));
const { Client } = load("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = load("@modelcontextprotocol/sdk/client/streamableHttp.js");

const message = `hello from the SDK ${process.pid}`;
const genesis = "0".repeat(64);

async function call(client, name, args, options = {}) {
  const result = await client.callTool({ name, arguments: args }, undefined, { timeout: 120_000, ...options });
  assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
  assert.ok(result.structuredContent, `${name} has no structuredContent`);
  return result.structuredContent;
}

/** All pages of a run's trace. */
async function readTrace(client, runId) {
  const entries = [];
  for (;;) {
    const page = await call(client, "get_run_trace", { run_id: runId, after: entries.length });
    entries.push(...page.entries);
    if (page.entries.length === 0 || entries.length >= page.total) return { entries, sealed: page.sealed };
  }
}

/** Each entry follows the one before it, and the last one is the head that the run names. */
function checkChain(entries, run) {
  let previous = genesis;
  entries.forEach((entry, index) => {
    assert.equal(entry.seq, index + 1, "the trace has a gap");
    assert.equal(entry.prev, previous, `entry ${entry.seq} does not follow from the one before it`);
    previous = entry.hash;
  });
  assert.equal(previous, run.trace_head, "the run names another trace head");
  assert.equal(entries.length, run.trace_length, "the run names another trace length");
}

async function exercise(client) {
  const tools = (await client.listTools()).tools.map((tool) => tool.name).sort();
  for (const name of ["list_workflows", "run_workflow", "get_run", "wait_run", "cancel_run", "get_run_trace"]) {
    assert.ok(tools.includes(name), `tools/list has no ${name}`);
  }

  const { workflows } = await call(client, "list_workflows", {});
  assert.ok(workflows.some((workflow) => workflow.id === "echo"), "list_workflows has no echo");

  const progress = [];
  const onprogress = (update) => progress.push(update.progress);
  const run = await call(client, "run_workflow", { workflow_id: "echo", params: { message } }, { onprogress, resetTimeoutOnProgress: true });
  assert.equal(run.status, "done");
  assert.equal(run.outcome, "succeeded", JSON.stringify(run.error));
  assert.equal(run.output.reply, `Echo: ${message}`);
  assert.ok(progress.length > 0, "run_workflow reported no progress");
  assert.deepEqual(progress, [...new Set(progress)].sort((a, b) => a - b), "progress does not grow");

  const trace = await readTrace(client, run.run_id);
  assert.equal(trace.sealed, true, "the trace of a run that is done is not sealed");
  checkChain(trace.entries, run);
  return { tools, workflows: workflows.map((workflow) => workflow.id), runId: run.run_id, progress: progress.length, trace: trace.entries.map((entry) => entry.kind) };
}

const client = new Client({ name: "actors-sdk-client", version: "1.0.0" });
const requestInit = token ? { headers: { authorization: `Bearer ${token}` } } : undefined;
const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit });
try {
  await client.connect(transport);
  const facts = await exercise(client);
  console.log(JSON.stringify({ ok: true, server: client.getServerVersion(), protocolVersion: transport.protocolVersion, session: transport.sessionId !== undefined, ...facts }));
  if (transport.sessionId !== undefined) await transport.terminateSession();
} catch (error) {
  console.log(JSON.stringify({ ok: false, error: error.message }));
  process.exitCode = 1;
} finally {
  await client.close();
}
