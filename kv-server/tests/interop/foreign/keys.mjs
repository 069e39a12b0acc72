// Checks of keys of all forms, in the paths that clients build from them.

import { keys, removeKeys, value } from "../account.mjs";

const INVALID = Symbol("malformed encoding, which the server refuses");
const INVALID_TARGET = Symbol("malformed request target, which hyper refuses without an envelope");
const SKIPPED = Symbol("not for this client");

/**
 * Rows of a key, the key that the server finds in a path with it unencoded (runs of slashes count as one, a
 * leading one is dropped, and escapes are decoded), and the keys found in the paths of clients that encode
 * otherwise:
 * - `requests`: Python's library, which escapes a lone `%` and a backslash
 * - `httpx`: Python's library, which escapes neither; before version 0.28 (`oldHttpx`) not a backtick either
 * - `http`: node's module, which refuses spaces and characters beyond ASCII, and does not resolve dots
 */
const KEYS = [
  ["plain", "plain"],
  ["a/b", "a/b"],
  ["has/slash/deep", "has/slash/deep"],
  ["/twitter", "twitter"],
  ["a//b", "a/b"],
  ["///x///y//z", "x/y/z"],
  ["x/", "x/"],
  ["x//", "x/"],
  ["a%2Fb", "a/b"],
  ["a%2F%2Fb", "a//b"],
  ["%2Fa", "/a"],
  ["a%20b", "a b"],
  ["a%252Fb", "a%2Fb"],
  ["100%", INVALID, { requests: "100%" }],
  ["q?x=1", "q"],
  ["h#y", "h", { http: SKIPPED }],
  ["a b", "a b", { http: SKIPPED }],
  ["é😀", "é😀", { http: SKIPPED }],
  ["a+b", "a+b"],
  ["a:b@c=d,e;f$g&h", "a:b@c=d,e;f$g&h"],
  ["(a)!*'~_-.", "(a)!*'~_-."],
  ["a\\b", "a/b", { requests: "a\\b", httpx: "a\\b", http: "a\\b" }],
  ["a/../b", "b", { http: SKIPPED }],
  ['^|"{}', '^|"{}'],
  ["`", "`", { http: SKIPPED, oldHttpx: INVALID_TARGET }],
  ["values/keys", "values/keys"],
  ["metadata/values", "metadata/values"],
  ["keys", "keys"],
  ["bulk/get", "bulk/get"],
];

/** Clients' own changes to a key before they encode it. */
const OWN = {
  // It drops all after a `?`, replaces slashes by colons, and refuses `..`.
  unstorage(key) {
    if (key.includes("..")) return SKIPPED;
    const [path] = key.split("?");
    return path.replace(/[/\\]+/g, ":").replace(/^:|:$/g, "");
  },
  // A key is the path of a file: it drops empty segments, and takes a path that ends with a slash for a
  // folder.
  opendal(key) {
    if (key.endsWith("/") || key.includes("..")) return SKIPPED;
    return key.replace(/\/+/g, "/").replace(/^\//, "");
  },
};

/** Returns the key that the server finds in the client's path for a key. */
function keyInPath(kind, [key, raw, others = {}]) {
  if (kind === "segment") return key;
  if (kind in OWN) return OWN[kind](key);
  const kinds = kind === "oldHttpx" ? [kind, "httpx"] : [kind];
  return kinds.map((kind) => others[kind]).find((found) => found !== undefined) ?? raw;
}

export async function checkKeys(driver, namespace) {
  for (const row of KEYS) {
    const [key] = row;
    const inPath = keyInPath(driver.client.keys, row);
    if (inPath !== SKIPPED) await checkKey(driver, namespace, key, inPath);
  }
}

async function checkKey(driver, namespace, key, inPath) {
  const name = JSON.stringify(key);
  const text = `the value of ${encodeURIComponent(key)}`;
  const { stores, reads } = driver.client.text(text);
  const given = { namespace, key };
  const put = { ...given, value: toBase64(text) };
  const error = { [INVALID]: { status: 400, code: 10042 }, [INVALID_TARGET]: { status: 400 } }[inPath];
  if (error !== undefined && !driver.client.putsInBulk) {
    await driver.fails(`put ${name}`, "put", put, error);
    await driver.fails(`get ${name}`, "get", given, error);
    driver.check(`nothing stored by put ${name}`, await contents(namespace), []);
    return;
  }
  await driver.succeeds(`put ${name}`, "put", put);
  const stored = driver.client.putsInBulk ? key : inPath;
  driver.check(`stored by put ${name}`, await contents(namespace), [[stored, stores]]);
  // A client that writes in bulk and reads by an unencoded path may read another key.
  if (stored === inPath) {
    await driver.value(`get ${name}`, "get", given, toBase64(reads));
    if (driver.does("metadata")) await driver.value(`metadata of ${name}`, "metadata", given, null);
    if (driver.does("has")) await driver.value(`has ${name}`, "has", given, true);
  } else {
    await driver.fails(`get ${name}`, "get", given, error ?? { status: 404, code: 10009 });
  }
  if (driver.does("remove") && stored === inPath) await driver.succeeds(`delete ${name}`, "remove", given);
  else await removeKeys(namespace, [stored]);
  driver.check(`left by delete ${name}`, await contents(namespace), []);
}

/** Returns all keys of a namespace with their texts. */
async function contents(namespace) {
  const names = (await keys(namespace)).map(({ name }) => name);
  return Promise.all(names.map(async (name) => [name, (await value(namespace, name)).toString()]));
}

export function toBase64(text) {
  return Buffer.from(text).toString("base64");
}
