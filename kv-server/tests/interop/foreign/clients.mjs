// Table of the clients. Each has:
// - `command`: language and arguments of its adapter
// - `keys`: its encoding of a key in a path; `segment` encodes all of the key, the others leave slashes (see
//   keys.mjs)
// - `does`: its operations, and properties that the checks ask for (see below)
// - `text`: the value that it stores for a text, and the text that it reads back
// - `errors`: what it reports for an error of the server (see errors.mjs)
// - `checks`: the number of checks that have to run
//
// Properties:
// - `anyLimit`, `longKeys`, `anyToken`: it sends such values unchecked; `ownLimits`: it checks metadata and
//   expiry itself
// - `bytes`: its values may be bytes; `asciiValues`: only ASCII; `parses`: it parses a value that is JSON
// - `pairOptions`, `reports`: its bulk put takes options; its bulk calls return the server's report
// - `emailAndKey`, `noCredentials`: further credentials that it can send
// - `prefix`, `limit`: parameters of its list; `listsNames`: a list of names alone; `stopsAtAPage`: a list of
//   one page only
// - `ownPrefix`, `clearsAll`: it prefixes keys itself; its clear deletes all of the namespace
// - `folders`: it keeps files and folders

import { crateVersion, npmVersion, pythonVersion } from "./packages.mjs";
import * as errors from "./errors.mjs";

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

/** A form ends lines with CRLF. */
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
    errors: errors.typescript,
    ...own,
  };
}

function python(major, own) {
  const environment = `cloudflare-${major}`;
  return {
    name: "pip cloudflare",
    version: pythonVersion(environment),
    command: ["python", environment, `cloudflare_${Math.min(major, 3)}.py`],
    errors: errors.python,
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

/** Version 4 of the SDK for Python sends metadata and value as one JSON document, which becomes the value. */
function document(value) {
  const text = JSON.stringify({ metadata: "null", value });
  return { stores: text, reads: text };
}

const ALL = [
  typescript(3, { keys: "url", does: [...STAINLESS, "bytes", "putLong"], checks: 411 }),
  typescript(4, { keys: "url", does: [...STAINLESS, "bytes", "bulkGet"], checks: 415 }),
  // Its listings stop after a page, since it expects the cursor in another place.
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
    errors: errors.unstorage,
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
    errors: errors.keyv,
    checks: 235,
  },
  smallNpm("@sagi.io/workers-kv", {
    keys: "http",
    does: [
      ...["get", "put", "remove", "list", "prefix", "limit", "page", "ttl", "expiration"],
      ...["listNamespaces", "bulkPut", "bulkRemove", "reports", "asciiValues"],
    ],
    limits: [10, 23, 1000],
    errors: errors.sagi,
    checks: 195,
  }),
  smallNpm("@kikobeats/cloudflare-workers-kv", {
    keys: "url",
    does: ["get", "put", "remove", "ttl", "emailAndKey"],
    text: (text) => ({ stores: JSON.stringify({ text }), reads: text }),
    errors: errors.kikobeats,
    checks: 200,
  }),
  smallNpm("cloudflare-kv-storage-rest", {
    keys: "url",
    does: ["get", "put", "remove", "page", "ttl", "expiration", "emailAndKey"],
    errors: errors.storageRest,
    checks: 292,
  }),
  smallNpm("remote-cloudflare-kv", {
    keys: "url",
    putsInBulk: true,
    does: ["get", "put", "remove", "metadata", "writesMetadata", "page", "ttl", "expiration", "ownLimits"],
    errors: errors.remote,
    checks: 288,
  }),
  python(2, { keys: "requests", does: [...SDK, "parses"], errors: errors.python2, checks: 386 }),
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
    errors: errors.cfkv,
    checks: 144,
  }),
  smallPython("cloudflarekv", {
    keys: "requests",
    does: ["get", "put", "putLong", "asciiValues"],
    errors: errors.cloudflarekv,
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
    errors: errors.cloudlareKv,
    checks: 204,
  }),
  smallPython("python-workers-kv", {
    keys: "requests",
    does: ["get", "put", "remove", "list", "asciiValues"],
    errors: errors.response,
    checks: 183,
  }),
  smallPython("workers-kv.py", {
    keys: "requests",
    does: ["get", "put", "remove", "list", "listsNames", "bulkPut", "bulkRemove", "parses", "asciiValues"],
    errors: errors.workersKvPy,
    checks: 194,
  }),
  {
    name: "crate opendal",
    version: crateVersion("opendal"),
    command: ["rust"],
    keys: "opendal",
    does: ["get", "put", "remove", "has", "list", "bulkRemove", "folders", "bytes", "longKeys", "anyToken"],
    errors: errors.opendal,
    checks: 252,
  },
];

/** Environment variable that is set if the clients of a language are installed. */
const VARIABLES = { node: "INTEROP_NPM", python: "INTEROP_PYTHON", rust: "INTEROP_OPENDAL" };

export const clients = ALL.filter(({ command: [language] }) => process.env[VARIABLES[language]]).map(
  (client) => ({
    text: asItIs,
    ...client,
  }),
);
