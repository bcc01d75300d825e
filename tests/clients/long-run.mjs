// usage: ACTORS_CLIENTS=DIR node long-run.mjs URL start SECONDS | URL finish RUN_ID SECONDS
// The official TypeScript SDK against a silo that may go away in between.
// start: runs the example workflow `long-operation` and leaves as soon as its tool call is in flight; prints the run's id.
// finish: comes back, however often that takes, and waits for the end; prints one JSON line {run_id, outcome, error, output, calls, recovered}.
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const [url, mode, ...rest] = process.argv.slice(2);
const { ACTORS_CLIENTS: clients, ACTORS_TOKEN: token } = process.env;
if (!url || !clients || !["start", "finish"].includes(mode)) {
  console.error("usage: ACTORS_CLIENTS=DIR node long-run.mjs URL start SECONDS | URL finish RUN_ID SECONDS");
  process.exit(2);
}
const load = createRequire(join(clients, "package.json"));
const { Client } = load("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = load("@modelcontextprotocol/sdk/client/streamableHttp.js");

async function connect() {
  const client = new Client({ name: "actors-long-run", version: "1.0.0" });
  const requestInit = token ? { headers: { authorization: `Bearer ${token}` } } : undefined;
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}

async function call(client, name, args) {
  const result = await client.callTool({ name, arguments: args }, undefined, { timeout: 70_000 });
  if (result.isError) throw new Error(`${name}: ${JSON.stringify(result.content)}`);
  return result.structuredContent;
}

async function trace(client, runId) {
  const entries = [];
  for (;;) {
    const page = await call(client, "get_run_trace", { run_id: runId, after: entries.length });
    entries.push(...page.entries);
    if (page.entries.length === 0 || entries.length >= page.total) return entries;
  }
}

async function start(seconds) {
  const client = await connect();
  const before = new Set((await call(client, "list_runs", {})).runs.map((run) => run.run_id));
  call(client, "run_workflow", { workflow_id: "long-operation", params: { seconds: Number(seconds), steps: Number(seconds) } }).catch(() => {});
  const end = Date.now() + 90_000;
  while (Date.now() < end) {
    await pause(200);
    const run = (await call(client, "list_runs", {})).runs.find((found) => !before.has(found.run_id));
    if (!run) continue;
    const kinds = (await trace(client, run.run_id)).map((entry) => entry.kind);
    if (kinds.includes("call_started")) return run.run_id;
    if (kinds.includes("done")) throw new Error(`${run.run_id} ended before its call: ${JSON.stringify(await call(client, "get_run", { run_id: run.run_id }))}`);
  }
  throw new Error("no call was started within 90 s");
}

async function finish(runId, seconds) {
  const end = Date.now() + Number(seconds) * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const client = await connect();
      for (let run; Date.now() < end; ) {
        run = await call(client, "wait_run", { run_id: runId });
        if (run.status !== "done") continue;
        const kinds = (await trace(client, runId)).map((entry) => entry.kind);
        const count = (kind) => kinds.filter((found) => found === kind).length;
        return { run_id: runId, outcome: run.outcome, error: run.error, output: run.output, calls: count("call_started"), recovered: count("recovered") };
      }
    } catch (error) {
      last = error;
      await pause(500);
    }
  }
  throw new Error(`${runId} did not end within ${seconds} s${last ? `; last fault: ${last.message}` : ""}`);
}

try {
  console.log(mode === "start" ? await start(rest[0]) : JSON.stringify(await finish(rest[0], rest[1])));
  process.exit(0);
} catch (error) {
  console.error(`${mode}: ${error.message}`);
  process.exit(1);
}
