// Keys of every form, in the paths that clients make of them.

import { keys, removeKeys, value } from "../account.mjs";

const REFUSED = Symbol("not well encoded, which the server refuses");
const NO_TARGET = Symbol("no target of a request, which hyper refuses and gives no reason");
const LEFT_OUT = Symbol("not for this client");

/**
 * Each key, and the one that is meant by a path that has it raw: runs of slashes count as one, a leading one is dropped, and
 * what looks like an escape is one. Then those that kinds of clients make something else of:
 * - `requests`: Python's library, which makes an escape of a lone `%` and of a backslash
 * - `httpx`: Python's other one, which leaves both as they are; before version 0.28, `oldHttpx`, a backtick too
 * - `http`: node's, which takes no blank and nothing beyond ASCII, and leaves dots alone
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
  ["100%", REFUSED, { requests: "100%" }],
  ["q?x=1", "q"],
  ["h#y", "h", { http: LEFT_OUT }],
  ["a b", "a b", { http: LEFT_OUT }],
  ["é😀", "é😀", { http: LEFT_OUT }],
  ["a+b", "a+b"],
  ["a:b@c=d,e;f$g&h", "a:b@c=d,e;f$g&h"],
  ["(a)!*'~_-.", "(a)!*'~_-."],
  ["a\\b", "a/b", { requests: "a\\b", httpx: "a\\b", http: "a\\b" }],
  ["a/../b", "b", { http: LEFT_OUT }],
  ['^|"{}', '^|"{}'],
  ["`", "`", { http: LEFT_OUT, oldHttpx: NO_TARGET }],
  ["values/keys", "values/keys"],
  ["metadata/values", "metadata/values"],
  ["keys", "keys"],
  ["bulk/get", "bulk/get"],
];

/** Changes that clients make to a key before they put it into a path. */
const OWN = {
  // What is behind a `?` is dropped, slashes become colons, and dots are refused.
  unstorage(key) {
    if (key.includes("..")) return LEFT_OUT;
    const [path] = key.split("?");
    return path.replace(/[/\\]+/g, ":").replace(/^:|:$/g, "");
  },
  // A path of folders and a file: empty segments are dropped, and what ends with a slash is a folder.
  opendal(key) {
    if (key.endsWith("/") || key.includes("..")) return LEFT_OUT;
    return key.replace(/\/+/g, "/").replace(/^\//, "");
  },
};

/** The key that is meant by what the client sends for `key`. */
function meant(kind, [key, raw, others = {}]) {
  if (kind === "segment") return key;
  if (kind in OWN) return OWN[kind](key);
  const kinds = kind === "oldHttpx" ? [kind, "httpx"] : [kind];
  return kinds.map((kind) => others[kind]).find((meant) => meant !== undefined) ?? raw;
}

export async function checkKeys(driver, namespace) {
  for (const row of KEYS) {
    const [key] = row;
    const inPath = meant(driver.client.keys, row);
    if (inPath !== LEFT_OUT) await checkKey(driver, namespace, key, inPath);
  }
}

async function checkKey(driver, namespace, key, inPath) {
  const name = JSON.stringify(key);
  const text = `the value of ${encodeURIComponent(key)}`;
  const { stores, reads } = driver.client.text(text);
  const given = { namespace, key };
  const put = { ...given, value: toBase64(text) };
  const refusal = { [REFUSED]: { status: 400, code: 10042 }, [NO_TARGET]: { status: 400 } }[inPath];
  if (refusal !== undefined && !driver.client.putsInBulk) {
    await driver.refused(`put ${name}`, "put", put, refusal);
    await driver.refused(`get ${name}`, "get", given, refusal);
    driver.check(`nothing stored for ${name}`, await contents(namespace), []);
    return;
  }
  await driver.succeeds(`put ${name}`, "put", put);
  const stored = driver.client.putsInBulk ? key : inPath;
  driver.check(`stored for ${name}`, await contents(namespace), [[stored, stores]]);
  // A client that writes in bulk and reads by a raw path asks for another key.
  if (stored === inPath) {
    await driver.value(`get ${name}`, "get", given, toBase64(reads));
    if (driver.does("metadata")) await driver.value(`metadata of ${name}`, "metadata", given, null);
    if (driver.does("has")) await driver.value(`has ${name}`, "has", given, true);
  } else {
    await driver.refused(`get ${name}`, "get", given, refusal ?? { status: 404, code: 10009 });
  }
  if (driver.does("remove") && stored === inPath) await driver.succeeds(`delete ${name}`, "remove", given);
  else await removeKeys(namespace, [stored]);
  driver.check(`left of ${name}`, await contents(namespace), []);
}

/** Every key of a namespace and its text, without any client. */
async function contents(namespace) {
  const names = (await keys(namespace)).map(({ name }) => name);
  return Promise.all(names.map(async (name) => [name, (await value(namespace, name)).toString()]));
}

export function toBase64(text) {
  return Buffer.from(text).toString("base64");
}
