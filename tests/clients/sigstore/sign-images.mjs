#!/usr/bin/env node
// Signs images with npm's Sigstore libraries and attaches the bundles to them in their registry.
// usage: sign-images.mjs PLAN.json     (modules are found from the working directory)
//
// PLAN: { out, signatures: [{ image, attachTo, subject, predicateType, by: "key" | "keyless", entry: "intoto" | "dsse", otherEntry, identity, issuer, issuedMinutesAgo }] }
//   image is host:port/repository; attachTo and subject are "sha256:HEX"; otherEntry logs another payload than the signed one.
// Writes trusted_root.json and npm.pub into the directory `out`.
import { createRequire } from "node:module";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const nock = require("nock");
const { bundleToJSON } = require("@sigstore/bundle");
const mock = require("@sigstore/mock");
const { attachArtifactToImage } = require("@sigstore/oci");
const { DSSEBundleBuilder, FulcioSigner, RekorWitness, TSAWitness } = require("@sigstore/sign");

const FULCIO = "https://fulcio.sigstore.test";
const REKOR = "https://rekor.sigstore.test";
const TSA = "https://timestamp.sigstore.test";
const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const newPair = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

/** Lets a handler of the mock answer the requests to this host. */
function serve(base, handler) {
  nock(base).persist().post(handler.path).reply(async (_, body) => {
    const { statusCode, response, contentType } = await handler.fn(typeof body === "string" ? body : JSON.stringify(body));
    return [statusCode, response, { "Content-Type": contentType ?? "text/plain" }];
  });
}

/** A certificate authority whose certificates start that long ago; the key stays the same. */
async function authority(keys, minutesAgo) {
  const clock = minutesAgo ? new Date(Date.now() - minutesAgo * 60_000) : undefined;
  return mock.initializeCA(keys.ca, await mock.initializeCTLog(keys.ct, clock), clock);
}

const keys = { ca: newPair(), ct: newPair(), rekor: newPair(), tsa: newPair(), signer: newPair() };
/** The mock logs what is proposed. A log keeps digests, signatures and keys of a proposed envelope, not the envelope (Rekor's type dsse 0.0.1). */
function asLogged(body, otherEntry) {
  const { kind, apiVersion, spec } = JSON.parse(body);
  if (kind !== "dsse") return body;
  const envelope = JSON.parse(spec.proposedContent.envelope);
  const hashOf = (bytes) => ({ algorithm: "sha256", value: sha256(bytes).toString("hex") });
  const payload = Buffer.from(envelope.payload, "base64");
  return JSON.stringify({
    kind,
    apiVersion,
    spec: {
      envelopeHash: hashOf(spec.proposedContent.envelope),
      payloadHash: hashOf(otherEntry ? Buffer.concat([payload, Buffer.from(" ")]) : payload),
      signatures: envelope.signatures.map(({ sig }) => ({ signature: sig, verifier: spec.proposedContent.verifiers[0] })),
    },
  });
}

let otherEntry = false;
const tlog = await mock.initializeTLog(REKOR, keys.rekor);
const tsa = await mock.initializeTSA(keys.tsa);
const ca = await authority(keys, 0);
const rekor = mock.rekorHandler(tlog);
serve(REKOR, { path: rekor.path, fn: (body) => rekor.fn(asLogged(body, otherEntry)) });
serve(TSA, mock.tsaHandler(tsa));

const keySigner = {
  sign: async (data) => ({
    signature: sign("sha256", data, keys.signer.privateKey),
    key: { $case: "publicKey", publicKey: publicPem(keys.signer), hint: sha256(spki(keys.signer)).toString("base64") },
  }),
};

function spki(pair) {
  return pair.publicKey.export({ format: "der", type: "spki" });
}

function publicPem(pair) {
  return pair.publicKey.export({ format: "pem", type: "spki" }).toString();
}

/** An identity token as an OIDC provider gives; the mock does not look at its signature. */
function token(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part({ aud: "sigstore", ...claims })}.${Buffer.from("none").toString("base64url")}`;
}

async function signerOf({ by, identity, issuer, issuedMinutesAgo = 0 }) {
  if (by === "key") return keySigner;
  nock.removeInterceptor({ proto: "https", hostname: new URL(FULCIO).host, path: "/api/v2/signingCert", method: "POST" });
  serve(FULCIO, mock.fulcioHandler(await authority(keys, issuedMinutesAgo)));
  return new FulcioSigner({ fulcioBaseURL: FULCIO, identityProvider: { getToken: async () => token({ sub: identity, iss: issuer }) } });
}

async function attach(signature) {
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: signature.image, digest: { sha256: signature.subject.replace("sha256:", "") } }],
    predicateType: signature.predicateType,
    predicate: {},
  };
  otherEntry = signature.otherEntry;
  const witnesses = [new RekorWitness({ rekorBaseURL: REKOR, entryType: signature.entry }), new TSAWitness({ tsaBaseURL: TSA })];
  const builder = new DSSEBundleBuilder({ signer: await signerOf(signature), witnesses });
  const bundle = await builder.create({ data: Buffer.from(JSON.stringify(statement)), type: "application/vnd.in-toto+json" });
  const artifact = Buffer.from(JSON.stringify(bundleToJSON(bundle)));
  await attachArtifactToImage({ imageName: signature.image, imageDigest: signature.attachTo, artifact, mediaType: BUNDLE_TYPE, fetchOpts: { retry: 2 } });
}

const from = { start: "2020-01-01T00:00:00Z" };
const logOf = (baseUrl, pair) => ({
  baseUrl,
  hashAlgorithm: "SHA2_256",
  publicKey: { rawBytes: spki(pair).toString("base64"), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor: from },
  logId: { keyId: sha256(spki(pair)).toString("base64") },
});
const authorityOf = (uri, ...certificates) => ({
  subject: { organization: "sigstore.mock", commonName: uri },
  uri,
  certChain: { certificates: certificates.map((c) => ({ rawBytes: Buffer.from(c).toString("base64") })) },
  validFor: from,
});

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const signature of plan.signatures) await attach(signature);
writeFileSync(join(plan.out, "npm.pub"), publicPem(keys.signer));
writeFileSync(join(plan.out, "trusted_root.json"), JSON.stringify({
  mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  tlogs: [logOf(REKOR, keys.rekor)],
  ctlogs: [logOf("https://ctfe.sigstore.test", keys.ct)],
  certificateAuthorities: [authorityOf(FULCIO, ca.rootCertificate)],
  timestampAuthorities: [authorityOf(TSA, tsa.intCertificate, tsa.rootCertificate)],
}));
console.log(`${plan.signatures.length} signatures`);
