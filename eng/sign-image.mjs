#!/usr/bin/env node
// Signs an image the way `cosign sign --key` did before version 3: a simple-signing payload as a layer of the manifest
// that the tag sha256-<hex>.sig of the same repository points to, the signature in that layer's annotation.
// Plain Node 20, no dependency, so that a machine without cosign can sign for the demo and the tests.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const usage = `usage: eng/sign-image.mjs HOST/REPOSITORY[:TAG]@sha256:HEX --key KEY.pem [--insecure]

KEY.pem: an ECDSA P-256 private key, unencrypted (openssl ecparam -name prime256v1 -genkey -noout).
--insecure: plain HTTP. Credentials: ACTORS_REGISTRY_AUTH=user:password, sent as Basic.
Appends to the signatures that are there; does nothing when this key's valid one is among them.
Prints one JSON line: {"reference", "digest", "manifest", "added"}.
`;

const types = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  payload: "application/vnd.dev.cosign.simplesigning.v1+json",
};
const imageTypes = [
  types.manifest,
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");
const annotation = "dev.cosignproject.cosign/signature";
const maxManifest = 4 * 1024 * 1024;

const sha256 = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const fail = (message) => {
  throw new Error(message);
};

/** The few calls of the OCI distribution API that signing needs, for one repository. */
class Repository {
  constructor(host, name, insecure) {
    this.base = `${insecure ? "http" : "https"}://${host}/v2/${name}`;
    const auth = process.env.ACTORS_REGISTRY_AUTH;
    this.headers = auth ? { authorization: `Basic ${Buffer.from(auth).toString("base64")}` } : {};
  }

  async send(method, url, { headers, body } = {}) {
    const options = { method, body, headers: { ...this.headers, ...headers }, redirect: "manual", signal: AbortSignal.timeout(30_000) };
    try {
      return await fetch(url, options);
    } catch (error) {
      return fail(`${new URL(url).host} cannot be reached (${error.cause?.code ?? error.message}); is the registry up, and is --insecure right?`);
    }
  }

  async manifest(reference, accept) {
    const response = await this.send("GET", `${this.base}/manifests/${reference}`, { headers: { accept } });
    if (response.status === 404) return undefined;
    if (!response.ok) fail(`the registry answered ${response.status} for the manifest ${reference}.`);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (bytes.length > maxManifest) fail(`the manifest ${reference} is larger than ${maxManifest} bytes.`);
    return bytes;
  }


  async pushBlob(bytes) {
    const start = await this.send("POST", `${this.base}/blobs/uploads/`);
    if (start.status !== 202) fail(`the registry answered ${start.status} to the start of an upload.`);
    const url = new URL(start.headers.get("location"), this.base);
    if (url.origin !== new URL(this.base).origin) fail(`the registry sends the upload to another origin, ${url.origin}.`);
    url.searchParams.set("digest", sha256(bytes));
    const done = await this.send("PUT", url, { headers: { "content-type": "application/octet-stream" }, body: bytes });
    if (done.status !== 201) fail(`the registry answered ${done.status} to an upload.`);
  }

  async pushManifest(tag, bytes) {
    const done = await this.send("PUT", `${this.base}/manifests/${tag}`, { headers: { "content-type": types.manifest }, body: bytes });
    if (done.status !== 201) fail(`the registry answered ${done.status} to the manifest ${tag}.`);
  }
}

/** The bytes that are signed; the field order is cosign's. */
function payloadFor(host, name, digest) {
  return Buffer.from(JSON.stringify({
    critical: {
      identity: { "docker-reference": `${host}/${name}` },
      image: { "docker-manifest-digest": digest },
      type: "cosign container image signature",
    },
    optional: null,
  }));
}

/** True when a layer of the signature manifest already holds a valid signature of this key over exactly this payload. */
function isSigned(manifest, payload, publicKey) {
  return manifest.layers.some((layer) =>
    layer.digest === sha256(payload) && verify("sha256", payload, publicKey, Buffer.from(layer.annotations?.[annotation] ?? "", "base64")));
}

function emptyManifest() {
  return { schemaVersion: 2, mediaType: types.manifest, config: undefined, layers: [] };
}

/** cosign's config blob: an image config whose diff ids are the layers. */
function configFor(layers) {
  return Buffer.from(JSON.stringify({
    architecture: "", created: "0001-01-01T00:00:00Z", history: layers.map(() => ({ created: "0001-01-01T00:00:00Z" })),
    os: "", rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) }, config: {},
  }));
}

async function signImage(reference, keyFile, insecure) {
  const [, host, name, digest] = /^([a-z0-9.-]+(?::\d+)?)\/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::[\w.-]+)?@(sha256:[0-9a-f]{64})$/.exec(reference)
    ?? fail(`${reference} is not HOST/REPOSITORY[:TAG]@sha256:HEX; sign by digest, never by tag.`);
  const key = createPrivateKey(readFileSync(keyFile));
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") fail(`${keyFile} is not an ECDSA P-256 key.`);

  const repository = new Repository(host, name, insecure);
  const image = await repository.manifest(digest, imageTypes) ?? fail(`${reference} does not exist; push it first.`);
  if (sha256(image) !== digest) fail(`the registry returned other bytes than ${digest}.`);

  const tag = `${digest.replace(":", "-")}.sig`;
  const present = await repository.manifest(tag, types.manifest);
  const manifest = present ? JSON.parse(present) : emptyManifest();
  const payload = payloadFor(host, name, digest);
  if (isSigned(manifest, payload, createPublicKey(key))) return { reference, digest, manifest: sha256(present), added: false };

  // Node signs ECDSA as DER by default, which is what cosign stores.
  const signature = sign("sha256", payload, key).toString("base64");
  manifest.layers.push({ mediaType: types.payload, size: payload.length, digest: sha256(payload), annotations: { [annotation]: signature } });
  const config = configFor(manifest.layers);
  manifest.config = { mediaType: types.config, size: config.length, digest: sha256(config) };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await repository.pushBlob(payload);
  await repository.pushBlob(config);
  await repository.pushManifest(tag, bytes);
  return { reference, digest, manifest: sha256(bytes), added: true };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { key: { type: "string" }, insecure: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
});
if (values.help) {
  process.stdout.write(usage);
} else if (positionals.length !== 1 || !values.key) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  try {
    console.log(JSON.stringify(await signImage(positionals[0], values.key, values.insecure)));
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
