// usage: ACTORS_CLIENTS=DIR node stdio-client.mjs ACTORS URL
// The official TypeScript SDK over `actors mcp --stdio`: runs a workflow with progress and gives one up, whose run must end.
// Prints one JSON line; the exit code says the same.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [actors, url] = process.argv.slice(2);
const { ACTORS_CLIENTS: clients } = process.env;
if (!actors || !url || !clients) {
  console.error("usage: ACTORS_CLIENTS=DIR node stdio-client.mjs ACTORS URL");
  process.exit(2);
}
const load = createRequire(join(clients, "package.json"));
const { Client } = load("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = load("@modelcontextprotocol/sdk/client/stdio.js");
const client = new Client({ name: "actors-stdio-client", version: "1.0.0" });
const call = async (name, args, more = {}) => {
  const result = await client.callTool({ name, arguments: args }, undefined, { timeout: 60_000, ...more });
  assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
  return result.structuredContent;
};

try {
  await client.connect(new StdioClientTransport({ command: "dotnet", args: [actors, "mcp", "--stdio", "--url", url], stderr: "inherit", env: process.env }));
  const progress = [];
  const run = await call("run_workflow", { workflow_id: "three", params: { ms: 200 } }, { onprogress: (update) => progress.push(update.progress) });
  assert.equal(run.outcome, "succeeded");
  assert.ok(progress.length > 1, "no progress");

  const giveUp = new AbortController();
  const running = call("run_workflow", { workflow_id: "three", params: { ms: 5_000 } }, { signal: giveUp.signal }).then(() => assert.fail("answered"), () => {});
  let runs = [];
  while (runs.length === 0) ({ runs } = await call("list_runs", { status: "running", limit: 1 }));
  giveUp.abort("given up");
  await running;
  const ended = await call("wait_run", { run_id: runs[0].run_id, timeout_seconds: 30 });
  assert.equal(ended.outcome, "cancelled");
  console.log(JSON.stringify({ ok: true, runId: run.run_id, progress: progress.length, cancelled: ended.run_id }));
} catch (error) {
  console.log(JSON.stringify({ ok: false, error: error.stack }));
  process.exitCode = 1;
} finally {
  await client.close();
}
