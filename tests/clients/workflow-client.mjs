// usage: ACTORS_CLIENTS=DIR node workflow-client.mjs v1|v2 URL
// The official TypeScript SDK, version 1 (@modelcontextprotocol/sdk, sessions) or 2 (@modelcontextprotocol/client, 2026-07-28 by
// negotiation), against a silo that has the null runner's workflows: runs one with progress, cancels one by cancelling its
// request and another by cancel_run, reads a trace as a resource. Prints one JSON line; the exit code says the same.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [kind, url] = process.argv.slice(2);
const { ACTORS_CLIENTS: clients, ACTORS_TOKEN: token } = process.env;
if (!["v1", "v2"].includes(kind) || !url || !clients) {
  console.error("usage: ACTORS_CLIENTS=DIR node workflow-client.mjs v1|v2 URL");
  process.exit(2);
}
const load = createRequire(join(clients, "package.json"));
const { Client, StreamableHTTPClientTransport } =
  kind === "v2"
    ? load("@modelcontextprotocol/client")
    : { ...load("@modelcontextprotocol/sdk/client/index.js"), ...load("@modelcontextprotocol/sdk/client/streamableHttp.js") };
const options = kind === "v2" ? { versionNegotiation: { mode: "auto" } } : {};
const client = new Client({ name: `actors-workflow-client-${kind}`, version: "1.0.0" }, options);

async function call(name, args, more = {}) {
  const request = { name, arguments: args };
  const limits = { timeout: 60_000, ...more };
  const result = await (kind === "v2" ? client.callTool(request, limits) : client.callTool(request, undefined, limits));
  assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
  return result.structuredContent;
}

async function untilDone(runId) {
  for (;;) {
    const run = await call("wait_run", { run_id: runId, timeout_seconds: 20 });
    if (run.status === "done") return run;
  }
}

async function runWithProgress() {
  const progress = [];
  const run = await call("run_workflow", { workflow_id: "three", params: { ms: 200 } }, { onprogress: (update) => progress.push(update.progress) });
  assert.equal(run.outcome, "succeeded", JSON.stringify(run.error));
  assert.ok(progress.length > 1, "no progress");
  assert.deepEqual(progress, [...new Set(progress)].sort((a, b) => a - b), "progress does not grow");
  return { runId: run.run_id, progress: progress.length };
}

async function cancelByTool() {
  const key = `cancel-${process.pid}-${kind}`;
  const running = call("run_workflow", { workflow_id: "three", params: { ms: 5_000 }, idempotency_key: key });
  const runId = await newRun();
  await call("cancel_run", { run_id: runId, reason: "by the client" });
  const run = await running;
  assert.equal(run.run_id, runId);
  assert.equal((await untilDone(runId)).outcome, "cancelled");
}

/** Gives a request up: the run that it started ends. */
async function cancelRequest() {
  const giveUp = new AbortController();
  const running = call("run_workflow", { workflow_id: "three", params: { ms: 5_000 } }, { signal: giveUp.signal });
  const failed = running.then(() => assert.fail("the cancelled request was answered"), () => {});
  const runId = await newRun();
  giveUp.abort("given up");
  await failed;
  assert.equal((await untilDone(runId)).outcome, "cancelled");
}

/** The id of the run that is not done, which is the one that this client just started. */
async function newRun() {
  for (;;) {
    const { runs } = await call("list_runs", { status: "running", limit: 1 });
    if (runs.length > 0) return runs[0].run_id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function readTrace(runId) {
  const { contents } = await client.readResource({ uri: `run://${runId}/trace` });
  assert.ok(contents.length > 0 && contents[0].text.includes("call_started"), "the trace resource holds no calls");
  return contents[0].mimeType;
}

const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: token ? { headers: { authorization: `Bearer ${token}` } } : undefined });
try {
  await client.connect(transport);
  const { runId, progress } = await runWithProgress();
  await cancelByTool();
  await cancelRequest();
  const trace = await readTrace(runId);
  console.log(JSON.stringify({ ok: true, kind, protocol: client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion, session: transport.sessionId !== undefined, runId, progress, trace }));
} catch (error) {
  console.log(JSON.stringify({ ok: false, kind, error: error.stack }));
  process.exitCode = 1;
} finally {
  await client.close();
}
