// Checks of the binding beyond the recorded vectors: real limits, other types, pages, bulk gets, and the
// namespace behind it.

import { createHash } from "node:crypto";

import { deleteNamespace, renameNamespace } from "../account.mjs";
import { Tally } from "../tally.mjs";

const UNDEFINED = { $: "undefined" };
const MAX_VALUE = 26_214_400;

export async function checkBinding(runtime, namespace) {
  const tally = new Tally("workerd", "binding", 381);
  /** Performs `operation` and expects the result `ok`, which may be a predicate. */
  const succeeds = async (operation, ok) => {
    const outcome = await runtime.perform(operation);
    if (typeof ok === "function") tally.check(title(operation), outcome.ok, ok);
    else tally.check(title(operation), outcome, { ok });
    return outcome.ok;
  };
  const fails = async (operation, message, name = "Error") => {
    tally.check(title(operation), await runtime.perform(operation), { error: { name, message } });
  };
  const client = { succeeds, fails };
  await checkTypes(client);
  await checkMetadata(client);
  await checkKeys(client);
  await checkExpirations(client);
  await checkPages(client);
  await checkMany(client);
  await checkLimits(client);
  await checkNamespace(client, namespace);
  return tally;
}

function title(operation) {
  return JSON.stringify(operation).slice(0, 120);
}

async function checkTypes({ succeeds, fails }) {
  const json = '{"a":[1,"é",null]}';
  const bytes = { $: "bytes", hex: Buffer.from(json).toString("hex"), length: Buffer.byteLength(json) };
  await succeeds({ op: "put", key: "types", value: json, options: { metadata: [1] } }, UNDEFINED);
  const types = {
    text: json,
    json: JSON.parse(json),
    arrayBuffer: bytes,
    stream: { $: "stream", of: bytes },
  };
  for (const [type, value] of Object.entries(types)) {
    for (const options of [type, { type }, { type, cacheTtl: 60 }]) {
      await succeeds({ op: "get", key: "types", options }, value);
      await succeeds(
        { op: "getWithMetadata", key: "types", options },
        { value, metadata: [1], cacheStatus: null },
      );
    }
    await succeeds({ op: "get", key: "types: absent", options: type }, null);
  }
  await fails(
    { op: "get", key: "types", options: { cacheTtl: 29 } },
    "KV GET failed: 400 Invalid cache_ttl of 29. Cache TTL must be at least 30.",
  );
}

async function checkMetadata({ succeeds }) {
  const kinds = [
    0,
    -1.5,
    1e21,
    true,
    false,
    "",
    "text",
    "é😀\u2028",
    'quote " and \\',
    "a\nb\tc\u0001",
    [],
    [null, [0]],
    {},
    { n: null, "": { é: [1] } },
  ];
  for (const metadata of kinds) {
    await succeeds({ op: "put", key: "metadata", value: "v", options: { metadata } }, UNDEFINED);
    await succeeds({ op: "getWithMetadata", key: "metadata" }, { value: "v", metadata, cacheStatus: null });
    await succeeds({ op: "list", options: { prefix: "metadata" } }, listed([{ name: "metadata", metadata }]));
    await succeeds({ op: "getWithMetadata", key: ["metadata"] }, map({ metadata: { value: "v", metadata } }));
  }
  await succeeds({ op: "put", key: "metadata", value: "v" }, UNDEFINED);
  await succeeds(
    { op: "getWithMetadata", key: "metadata" },
    { value: "v", metadata: null, cacheStatus: null },
  );
  await succeeds({ op: "delete", key: "metadata" }, UNDEFINED);
}

async function checkKeys({ succeeds }) {
  const keys = [
    "a/b",
    "a/../b",
    "%",
    "%2F",
    "%zz",
    "+",
    "a b",
    "a+b",
    "?x=1&y#z",
    "\u0000\n\r\t",
    "é",
    "😀",
    "bulk/get",
    "healthz",
    "é".repeat(256),
    "~!*'()[]{}|\\^`\"<>;:@=,$",
  ];
  for (const name of keys) {
    const key = `keys/${name}`.slice(0, name.length > 200 ? 253 : undefined);
    await succeeds({ op: "put", key, value: name }, UNDEFINED);
    await succeeds({ op: "get", key }, name);
    await succeeds({ op: "get", key: [key] }, map({ [key]: name }));
    await succeeds({ op: "list", options: { prefix: key } }, listed([{ name: key }]));
    await succeeds({ op: "delete", key }, UNDEFINED);
    await succeeds({ op: "get", key }, null);
  }
  // The path of a bulk get is also that of a key, by other methods than POST.
  await succeeds({ op: "put", key: "bulk/get", value: "a value" }, UNDEFINED);
  await succeeds({ op: "get", key: "bulk/get" }, "a value");
  await succeeds({ op: "delete", key: "bulk/get" }, UNDEFINED);
}

async function checkExpirations({ succeeds }) {
  const now = Math.floor(Date.now() / 1000);
  const far = 2 ** 31 - 1;
  const expiring =
    (expiration) =>
    ({ keys: [key] }) =>
      Math.abs(key.expiration - expiration) <= 5;
  await succeeds({ op: "put", key: "expires", value: "v", options: { expirationTtl: 3600 } }, UNDEFINED);
  await succeeds({ op: "list", options: { prefix: "expires" } }, expiring(now + 3600));
  await succeeds(
    { op: "put", key: "expires", value: "v", options: { expiration: far, metadata: 1 } },
    UNDEFINED,
  );
  await succeeds(
    { op: "list", options: { prefix: "expires" } },
    listed([{ name: "expires", expiration: far, metadata: 1 }]),
  );
  await succeeds({ op: "put", key: "expires", value: "v" }, UNDEFINED);
  await succeeds({ op: "list", options: { prefix: "expires" } }, listed([{ name: "expires" }]));
}

async function checkPages({ succeeds, fails }) {
  const names = Array.from({ length: 25 }, (_, index) => `page/${String(index).padStart(2, "0")}`);
  for (const key of names) await succeeds({ op: "put", key, value: key }, UNDEFINED);
  let cursor;
  for (let start = 0; start < names.length; start += 10) {
    const expected = names.slice(start, start + 10).map((name) => ({ name }));
    const options = { prefix: "page/", limit: 10, cursor };
    const fits = ({ keys, list_complete: complete, cursor: next }) =>
      JSON.stringify(keys) === JSON.stringify(expected) &&
      complete === start + 10 > names.length &&
      complete === (next === undefined);
    cursor = (await succeeds({ op: "list", options }, fits)).cursor ?? cursor;
  }
  const refused =
    "KV GET failed: 400 cursor belongs to another prefix: list with the prefix that it was issued for";
  await fails({ op: "list", options: { prefix: "other", cursor } }, refused);
}

async function checkMany({ succeeds, fails }) {
  const hundred = Array.from({ length: 100 }, (_, index) => `many/${index}`);
  for (const key of hundred) await succeeds({ op: "put", key, value: `{"key":"${key}"}` }, UNDEFINED);
  await succeeds(
    { op: "get", key: hundred },
    map(Object.fromEntries(hundred.map((key) => [key, `{"key":"${key}"}`]))),
  );
  await succeeds(
    { op: "get", key: hundred, options: "json" },
    map(Object.fromEntries(hundred.map((key) => [key, { key }]))),
  );
  await fails(
    { op: "get", key: [...hundred, "one more"] },
    "KV GET_BULK failed: 400 You can request a maximum of 100 keys",
  );
  await succeeds({ op: "put", key: "__proto__", value: "kept" }, UNDEFINED);
  await succeeds(
    { op: "get", key: ["__proto__", "constructor"] },
    map(JSON.parse('{"__proto__":"kept","constructor":null}')),
  );
  // Falsy values in JavaScript, for which the recorded server omits the metadata.
  for (const value of ["", "0", "false", "null"]) {
    await succeeds({ op: "put", key: "many/falsy", value, options: { metadata: 0 } }, UNDEFINED);
    await succeeds(
      { op: "getWithMetadata", key: ["many/falsy"] },
      map({ "many/falsy": { value, metadata: 0 } }),
    );
  }
}

async function checkLimits({ succeeds, fails }) {
  const tooLong = `KV PUT failed: 413 Value length of ${MAX_VALUE + 1} exceeds limit of ${MAX_VALUE}.`;
  const text = { $: "text", length: MAX_VALUE, sha256: sha256(Buffer.alloc(MAX_VALUE, "x")) };
  const bytes = { $: "bytes", length: MAX_VALUE, sha256: sha256(Buffer.alloc(MAX_VALUE)) };
  await succeeds({ op: "put", key: "longest", value: { repeat: "x", n: MAX_VALUE } }, UNDEFINED);
  await succeeds({ op: "get", key: "longest" }, text);
  await fails({ op: "put", key: "longest", value: { repeat: "x", n: MAX_VALUE + 1 } }, tooLong);
  for (const fixed of [true, false]) {
    await succeeds({ op: "put", key: "longest", stream: MAX_VALUE, fixed }, UNDEFINED);
    await fails({ op: "put", key: "longest", stream: MAX_VALUE + 1, fixed }, tooLong);
    await succeeds({ op: "get", key: "longest", options: "arrayBuffer" }, bytes);
  }
  await succeeds({ op: "put", key: "half", value: { repeat: "x", n: MAX_VALUE / 2 } }, UNDEFINED);
  await succeeds({ op: "put", key: "half and one", value: { repeat: "x", n: MAX_VALUE / 2 + 1 } }, UNDEFINED);
  const total = "KV GET_BULK failed: 413 Total size of request exceeds the limit of 25MB";
  await fails({ op: "get", key: ["half", "half and one"] }, total);
  await succeeds(
    { op: "get", key: ["half", "half"] },
    ({ entries }) => entries.half.length === MAX_VALUE / 2,
  );
  for (const key of ["longest", "half", "half and one"]) await succeeds({ op: "delete", key }, UNDEFINED);
}

async function checkNamespace({ succeeds, fails }, namespace) {
  await succeeds({ op: "put", key: "shared", value: "by title" }, UNDEFINED);
  await succeeds({ op: "get", key: "shared", binding: "BY_ID" }, "by title");
  const calls = [
    ["GET", { op: "get", key: "k" }],
    ["GET", { op: "list" }],
    ["PUT", { op: "put", key: "k", value: "v" }],
    ["DELETE", { op: "delete", key: "k" }],
    ["GET_BULK", { op: "get", key: ["k"] }],
  ];
  const allFail = async (binding, reason) => {
    for (const [name, operation] of calls)
      await fails({ ...operation, binding }, `KV ${name} failed: ${reason}`);
  };
  await allFail("UNKNOWN", "400 namespace not found");
  await allFail("INTRUDER", "401 Unauthorized");
  await renameNamespace(namespace.id, "another title");
  await allFail("KV", "400 namespace not found");
  await succeeds({ op: "get", key: "shared", binding: "BY_ID" }, "by title");
  await renameNamespace(namespace.id, namespace.title);
  await succeeds({ op: "get", key: "shared" }, "by title");
  await deleteNamespace(namespace.id);
  await allFail("KV", "400 namespace not found");
  await allFail("BY_ID", "400 namespace not found");
}

function listed(keys) {
  return { keys, list_complete: true, cacheStatus: null };
}

function map(entries) {
  return { $: "map", entries };
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
