#!/usr/bin/env node
// Lets npm's @sigstore/verify judge the signer's fixtures and compares its verdicts with ours.
// usage: verify-fixtures.mjs DIRECTORY EXCEPTIONS.json     (modules are found from the working directory)
import { createRequire } from "node:module";
import { createPublicKey } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const { bundleFromJSON } = require("@sigstore/bundle");
const { TrustedRoot } = require("@sigstore/protobuf-specs");
const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify");

const [directory, exceptionsFile] = process.argv.slice(2);
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** "verified", or why not. */
function judge(fixture) {
  try {
    const bundle = bundleFromJSON(fixture.bundle);
    const key = { publicKey: createPublicKey(fixture.key), validFor: () => true };
    const trust = toTrustMaterial(TrustedRoot.fromJSON(fixture.root), () => key);
    const artifact = bundle.content.$case === "messageSignature" ? Buffer.from(fixture.artifact, "base64") : undefined;
    const verifier = new Verifier(trust, {
      tlogThreshold: fixture.log || fixture.keyless ? 1 : 0,
      ctlogThreshold: fixture.keyless ? 1 : 0,
      timestampThreshold: fixture.keyless ? 1 : 0,
    });
    const policy = fixture.keyless
      ? { subjectAlternativeName: `^${escape(fixture.identity)}$`, extensions: { issuer: fixture.issuer } }
      : undefined;
    verifier.verify(toSignedEntity(bundle, artifact), policy);
    return "verified";
  } catch (error) {
    return `${error.code ?? error.name}: ${error.message}`.split("\n")[0];
  }
}

const exceptions = JSON.parse(readFileSync(exceptionsFile, "utf8"));
const reasonOf = (name) => Object.entries(exceptions).find(([, names]) => names.some((n) => name === n || (n.endsWith("*") && name.startsWith(n.slice(0, -1)))))?.[0];
let agreed = 0;
let known = 0;
const differ = [];
const stale = new Set(Object.values(exceptions).flat());
for (const file of readdirSync(directory).filter((f) => f.endsWith(".json")).sort()) {
  const fixture = JSON.parse(readFileSync(join(directory, file), "utf8"));
  const theirs = judge(fixture);
  if ((theirs === "verified") === (fixture.verdict === "verified")) {
    agreed++;
    continue;
  }
  if (reasonOf(fixture.name)) {
    known++;
    for (const n of [...stale]) if (fixture.name === n || (n.endsWith("*") && fixture.name.startsWith(n.slice(0, -1)))) stale.delete(n);
    continue;
  }
  differ.push(`${fixture.name}: ours ${fixture.verdict}, theirs ${theirs}`);
}
for (const line of differ) console.log(`DIFFERS  ${line}`);
for (const name of stale) console.log(`STALE    ${name}: listed as an exception, but the verdicts agree now`);
console.log(`${agreed} agree, ${known} known exceptions, ${differ.length} differ`);
process.exitCode = differ.length + stale.size > 0 || agreed === 0 ? 1 : 0;
