// The clients: how each is run, what it can do, what it makes of keys and values, and how it shows a refusal.
//
// `keys` is what it does with a key on its way into a path: `segment` encodes all of it, the others leave slashes as they are
// (see keys.mjs). `does` is what it has of operations, and of abilities and habits that the checks ask for.

import { crateVersion, npmVersion, pythonVersion } from "./packages.mjs";
import * as shows from "./refusals.mjs";

const SDK = [
  ...[
    "get",
    "put",
    "remove",
    "metadata",
    "writesMetadata",
    "page",
    "anyLimit",
    "longKeys",
    "ttl",
    "expiration",
  ],
  ...["bulkPut", "bulkRemove", "pairOptions", "reports", "emailAndKey"],
  ...["createNamespace", "listNamespaces", "getNamespace", "renameNamespace", "deleteNamespace"],
];
const STAINLESS = [...SDK, "list", "prefix", "limit", "noCredentials", "anyToken", "nowhere"];

const asItIs = (text) => ({ stores: text, reads: text });

/** A line's end in a form is two characters. */
function inForm(text) {
  const lines = text.replaceAll("\n", "\r\n");
  return { stores: lines, reads: lines };
}

function typescript(major, own) {
  const folder = `cloudflare-${major}`;
  return {
    text: inForm,
    name: "npm cloudflare",
    version: npmVersion(folder),
    command: ["node", "cloudflare.mjs", folder],
    shows: shows.typescript,
    ...own,
  };
}

function python(major, own) {
  const environment = `cloudflare-${major}`;
  return {
    name: "pip cloudflare",
    version: pythonVersion(environment),
    command: ["python", environment, `cloudflare_${Math.min(major, 3)}.py`],
    shows: shows.python,
    ...own,
  };
}

function smallNpm(name, own) {
  return { name: `npm ${name}`, version: npmVersion(name), command: ["node", "small.mjs", name], ...own };
}

function smallPython(name, own) {
  const command = ["python", "small", "small.py", name];
  return { name: `pip ${name}`, version: pythonVersion("small", name), command, ...own };
}

/** Version 4 of the SDK for Python sends the metadata and the value as one JSON document, which is then the value. */
function document(value) {
  const text = JSON.stringify({ metadata: "null", value });
  return { stores: text, reads: text };
}

const ALL = [
  typescript(3, { keys: "url", does: [...STAINLESS, "bytes", "putLong"], checks: 411 }),
  typescript(4, { keys: "url", does: [...STAINLESS, "bytes", "bulkGet"], checks: 415 }),
  // Its listings stop after a page, since they look for the cursor in another place.
  typescript(5, { keys: "url", does: [...STAINLESS, "bytes", "bulkGet", "stopsAtAPage"], checks: 415 }),
  typescript(6, { keys: "url", does: [...STAINLESS, "bytes", "bulkGet"], checks: 415 }),
  typescript(7, {
    keys: "segment",
    does: [...STAINLESS, "bytes", "putLong", "bulkGet", "jurisdiction"],
    checks: 424,
  }),
  {
    name: "npm unstorage",
    version: npmVersion("unstorage"),
    command: ["node", "unstorage.mjs"],
    keys: "unstorage",
    does: [
      "get",
      "put",
      "remove",
      "has",
      "list",
      "ownPrefix",
      "clearsAll",
      "ttl",
      "ownLimits",
      "parses",
      "emailAndKey",
    ],
    shows: shows.unstorage,
    checks: 235,
  },
  {
    name: "npm keyv, @keyv/cloudflare-kv",
    version: `${npmVersion("keyv")}, ${npmVersion("@keyv/cloudflare-kv")}`,
    command: ["node", "keyv.mjs"],
    keys: "segment",
    does: ["get", "put", "remove", "has", "list", "ownPrefix", "putMany", "ttl", "ownLimits", "anyToken"],
    ownName: (name) => name.slice("many:".length),
    text: (text) => ({ stores: JSON.stringify({ value: text }), reads: text }),
    shows: shows.keyv,
    checks: 235,
  },
  smallNpm("@sagi.io/workers-kv", {
    keys: "http",
    does: [
      ...["get", "put", "remove", "list", "prefix", "limit", "page", "ttl", "expiration"],
      ...["listNamespaces", "bulkPut", "bulkRemove", "reports", "asciiValues"],
    ],
    limits: [10, 23, 1000],
    shows: shows.sagi,
    checks: 195,
  }),
  smallNpm("@kikobeats/cloudflare-workers-kv", {
    keys: "url",
    does: ["get", "put", "remove", "ttl", "emailAndKey"],
    text: (text) => ({ stores: JSON.stringify({ text }), reads: text }),
    shows: shows.kikobeats,
    checks: 200,
  }),
  smallNpm("cloudflare-kv-storage-rest", {
    keys: "url",
    does: ["get", "put", "remove", "page", "ttl", "expiration", "emailAndKey"],
    shows: shows.storageRest,
    checks: 292,
  }),
  smallNpm("remote-cloudflare-kv", {
    keys: "url",
    putsInBulk: true,
    does: ["get", "put", "remove", "metadata", "writesMetadata", "page", "ttl", "expiration", "ownLimits"],
    shows: shows.remote,
    checks: 288,
  }),
  python(2, { keys: "requests", does: [...SDK, "parses"], shows: shows.python2, checks: 386 }),
  python(3, { keys: "oldHttpx", does: STAINLESS, checks: 402 }),
  python(4, {
    keys: "httpx",
    does: [...STAINLESS.filter((ability) => ability !== "writesMetadata"), "bulkGet"],
    text: document,
    checks: 406,
  }),
  python(5, {
    keys: "segment",
    does: [...STAINLESS, "bytes", "putLong", "bulkGet", "jurisdiction"],
    checks: 424,
  }),
  smallPython("cfkv", {
    keys: "requests",
    does: ["get", "put", "asciiValues"],
    text: (text) => ({ stores: JSON.stringify(text), reads: text }),
    shows: shows.cfkv,
    checks: 144,
  }),
  smallPython("cloudflarekv", {
    keys: "requests",
    does: ["get", "put", "putLong", "asciiValues"],
    shows: shows.cloudflarekv,
    checks: 147,
  }),
  smallPython("cloudlare-kv", {
    keys: "requests",
    does: [
      "get",
      "put",
      "remove",
      "list",
      "prefix",
      "ttl",
      "asciiValues",
      "createNamespace",
      "listNamespaces",
      "deleteNamespace",
    ],
    shows: shows.cloudlareKv,
    checks: 204,
  }),
  smallPython("python-workers-kv", {
    keys: "requests",
    does: ["get", "put", "remove", "list", "asciiValues"],
    shows: shows.response,
    checks: 183,
  }),
  smallPython("workers-kv.py", {
    keys: "requests",
    does: ["get", "put", "remove", "list", "listsNames", "bulkPut", "bulkRemove", "parses", "asciiValues"],
    shows: shows.workersKvPy,
    checks: 194,
  }),
  {
    name: "crate opendal",
    version: crateVersion("opendal"),
    command: ["rust"],
    keys: "opendal",
    does: ["get", "put", "remove", "has", "list", "bulkRemove", "folders", "bytes", "longKeys", "anyToken"],
    shows: shows.opendal,
    checks: 252,
  },
];

/** Variable that is set where the clients of a language can be run. */
const NEEDS = { node: "INTEROP_NPM", python: "INTEROP_PYTHON", rust: "INTEROP_OPENDAL" };

export const clients = ALL.filter(({ command: [language] }) => process.env[NEEDS[language]]).map(
  (client) => ({
    text: asItIs,
    ...client,
  }),
);
