// usage: node conformance.mjs FILE...: what the suite's checks.json files say that is neither success nor information.
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";

for (const file of process.argv.slice(2)) {
  const scenario = basename(dirname(file)).replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT.*$/, "");
  for (const check of JSON.parse(readFileSync(file, "utf8"))) {
    if (check.status === "FAILURE" || check.status === "WARNING") console.log(`${check.status.toLowerCase()} ${scenario}/${check.id}: ${check.errorMessage}`);
  }
}
