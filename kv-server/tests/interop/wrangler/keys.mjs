// Checks of `wrangler kv key`.

import { isDeepStrictEqual } from "node:util";

import { seconds } from "../clock.mjs";
import { file } from "./run.mjs";

const MAX_VALUE = 26_214_400;

/** Returns checks of the commands for keys of one namespace. */
function commands(client, id) {
  const there = ["--remote", "--namespace-id", id];
  return {
    there,
    put: (name, value, ...more) =>
      client.prints(["kv", "key", "put", name, value, ...there, ...more], written(id, name, value)),
    get: (name, value) => client.printsBytes(["kv", "key", "get", name, ...there], Buffer.from(value)),
    list: (expected, ...more) => client.printsJson(["kv", "key", "list", ...there, ...more], expected),
    remove: (name) =>
      client.prints(
        ["kv", "key", "delete", name, ...there],
        `Deleting the key "${name}" on namespace id: "${id}".`,
      ),
    absent: (name) =>
      client.fails(["kv", "key", "get", name, ...there], ["Failed to fetch", "404: Not Found"]),
  };
}

/** Returns the output of a put. */
function written(id, key, value, metadata) {
  const more = metadata === undefined ? "" : ` with metadata "${JSON.stringify(metadata)}"`;
  return `Writing the value "${value}" to key "${key}" on namespace id: "${id}"${more}.`;
}

export async function checkKeyOptions(client, id) {
  const { there, ...key } = commands(client, id);
  const late = 4_102_444_800;
  const metadata = { user: "Ada", é: [1, null, "😀"] };
  const json = JSON.stringify(metadata);
  await key.list([]);
  await key.put("plain", "value");
  await key.list([{ name: "plain" }]);
  await client.prints(
    ["kv", "key", "put", "plain", "v", ...there, "--metadata", json],
    written(id, "plain", "v", metadata),
  );
  await key.list([{ name: "plain", metadata }]);
  const inAnHour = (earliest, expected) => (found) => {
    const [{ expiration, ...rest }] = found;
    const fits = expiration >= earliest && expiration <= seconds() + 3600;
    return fits && found.length === 1 && isDeepStrictEqual(rest, expected);
  };
  let earliest = seconds() + 3600;
  await key.put("plain", "v", "--ttl", "3600");
  await key.list(inAnHour(earliest, { name: "plain" }));
  await key.put("plain", "v", "--expiration", String(late));
  await key.list([{ name: "plain", expiration: late }]);
  earliest = seconds() + 3600;
  await client.prints(
    ["kv", "key", "put", "plain", "v", ...there, "--expiration", "5", "--ttl", "3600", "--metadata", json],
    written(id, "plain", "v", metadata),
  );
  await key.list(inAnHour(earliest, { name: "plain", metadata }));
  await key.put("plain", "again");
  await key.list([{ name: "plain" }]);
  await key.get("plain", "again");
  await key.remove("plain");
  await key.absent("plain");
  await key.remove("plain");
}

export async function checkOddKeys(client, id) {
  const key = commands(client, id);
  const names = [
    "a/b",
    "a/../b",
    "%",
    "%2F",
    "+",
    "a b",
    "é",
    "😀",
    "?x=1&y#z",
    "a\nb",
    "...",
    "x".repeat(512),
    "é".repeat(256),
  ];
  for (const name of names) {
    await key.put(name, `the value of ${name.slice(0, 20)}`);
    await key.get(name, `the value of ${name.slice(0, 20)}`);
  }
  const inOrder = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  await key.list(inOrder.map((name) => ({ name })));
  await key.list([{ name: "a/../b" }, { name: "a/b" }], "--prefix", "a/");
  await key.list([{ name: "%" }, { name: "%2F" }], "--prefix", "%");
  await key.list([{ name: "+" }], "--prefix", "+");
  await key.list([], "--prefix", "absent");
  for (const name of ["a/b", "%2F", "+", "😀"]) {
    await key.remove(name);
    await key.absent(name);
  }
}

export async function checkValues(client, id) {
  const { there, ...key } = commands(client, id);
  const values = {
    "every-byte": Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    empty: Buffer.alloc(0),
    longest: Buffer.alloc(MAX_VALUE, "x"),
  };
  for (const [name, value] of Object.entries(values)) {
    const path = file(name, value);
    const put = ["kv", "key", "put", name, "--path", path, ...there];
    const printed = `Writing the contents of ${path} to the key "${name}" on namespace id: "${id}"`;
    await client.prints(put, `${printed}.`);
    await key.get(name, value);
    await client.prints([...put, "--metadata", '{"of":"form"}'], `${printed} with metadata "{"of":"form"}".`);
    await key.get(name, value);
  }
  await key.put("lines", "one\ntwo\r\n\tthree");
  await key.get("lines", "one\ntwo\r\n\tthree");
  await key.put("text", "é 😀");
  await client.prints(["kv", "key", "get", "text", ...there, "--text"], "é 😀");
  const path = file("too-long", Buffer.alloc(MAX_VALUE + 1));
  const put = ["kv", "key", "put", "longest", "--path", path, ...there];
  await client.fails(put, ["[code: 10024]"]);
  await client.fails([...put, "--metadata", '{"of":"form"}'], ["[code: 10024]"]);
  await key.get("longest", values.longest);
  await checkConfigured(client, id);
}

async function checkConfigured(client, id) {
  const config = { name: "interop", kv_namespaces: [{ binding: "KEYS", id }] };
  const there = [
    "--remote",
    "--binding",
    "KEYS",
    "--config",
    file("configured.json", JSON.stringify(config)),
  ];
  const printed = `Writing the value "v" to key "by-binding" on namespace binding: "KEYS" (id: "${id}").`;
  await client.prints(["kv", "key", "put", "by-binding", "v", ...there], printed);
  await client.printsBytes(["kv", "key", "get", "by-binding", ...there], Buffer.from("v"));
}
