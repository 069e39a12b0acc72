// Checks of `wrangler kv bulk`.

import { seconds } from "../clock.mjs";
import { file } from "./run.mjs";

// More than two of wrangler's bulk requests, of 1,000 keys, and than two pages of a listing.
const MANY = 2500;

export async function checkBulk(client, id) {
  const there = ["--remote", "--namespace-id", id];
  const json = (name, contents) => file(`${name}.json`, JSON.stringify(contents));
  const bulk = {
    put: (name, pairs) => client.prints(["kv", "bulk", "put", json(name, pairs), ...there], "Success!"),
    get: (name, keys, values) =>
      client.prints(
        ["kv", "bulk", "get", json(name, keys), ...there],
        `${JSON.stringify(values, null, 2)}\n\nSuccess!`,
      ),
    remove: (name, keys) =>
      client.prints(["kv", "bulk", "delete", "-f", json(name, keys), ...there], "Success!"),
    fails: (name, pairs, ...parts) => client.fails(["kv", "bulk", "put", json(name, pairs), ...there], parts),
    list: (expected, ...more) => client.printsJson(["kv", "key", "list", ...there, ...more], expected),
    value: (key, value) => client.printsBytes(["kv", "key", "get", key, ...there], Buffer.from(value)),
  };
  await checkMany(client, bulk, json, there);
  await checkPairs(bulk);
  await checkTtl(bulk);
  await checkErrors(bulk);
}

async function checkMany(client, bulk, json, there) {
  const pairs = Array.from({ length: MANY }, (_, index) => ({
    key: `many/${String(index).padStart(4, "0")}`,
    value: `value ${index}`,
  }));
  const keys = pairs.map(({ key }) => key);
  const progress = (done) => [0, 40, 80, 100].map((percent) => `${done} ${percent}% (`).concat("Success!");
  await client.mentions(["kv", "bulk", "put", json("many", pairs), ...there], progress("Uploaded"));
  await bulk.list(keys.map((name) => ({ name })));
  const hundred = pairs.slice(-100);
  await bulk.get(
    "hundred",
    hundred.map(({ key }) => key),
    Object.fromEntries(hundred.map(({ key, value }) => [key, value])),
  );
  await client.fails(
    ["kv", "bulk", "get", json("too-many", keys.slice(0, 101)), ...there],
    ["You can request a maximum of 100 keys"],
  );
  await client.mentions(
    ["kv", "bulk", "delete", "-f", json("many-keys", keys), ...there],
    progress("Deleted"),
  );
  await bulk.list([]);
}

async function checkPairs(bulk) {
  const late = 4_102_444_800;
  const bytes = Buffer.from([0, 255, 10, 128]);
  await bulk.put("pairs", [
    { key: "pairs/text", value: "é\n😀" },
    { key: "pairs/metadata", value: "v", metadata: { a: [1, { b: null }], é: "😀" } },
    { key: "pairs/expires", value: "v", expiration: late },
    { key: "pairs/base64", value: bytes.toString("base64"), base64: true },
    { key: "a/b %2F+ ?#", value: "odd" },
    { key: "__proto__", value: "kept" },
    { key: "42", value: "of an integer" },
    { key: "empty", value: "" },
  ]);
  await bulk.list(
    [
      { name: "pairs/base64" },
      { name: "pairs/expires", expiration: late },
      { name: "pairs/metadata", metadata: { a: [1, { b: null }], é: "😀" } },
      { name: "pairs/text" },
    ],
    "--prefix",
    "pairs/",
  );
  await bulk.value("pairs/base64", bytes);
  await bulk.value("a/b %2F+ ?#", "odd");
  await bulk.value("__proto__", "kept");
  await bulk.value("empty", "");
  await bulk.get("names-and-objects", ["pairs/text", { name: "42" }, "absent"], {
    42: "of an integer",
    "pairs/text": "é\n😀",
    absent: null,
  });
  await bulk.put("again", [{ key: "pairs/metadata", value: "plain" }]);
  await bulk.list([{ name: "pairs/metadata" }], "--prefix", "pairs/metadata");
  await bulk.remove("some", ["pairs/text", { name: "a/b %2F+ ?#" }, "absent"]);
  await bulk.get("some-are-gone", ["pairs/text", "a/b %2F+ ?#", "empty"], {
    "pairs/text": null,
    "a/b %2F+ ?#": null,
    empty: "",
  });
}

async function checkTtl(bulk) {
  const earliest = seconds() + 3600;
  await bulk.put("ttl", [{ key: "ttl/hour", value: "v", expiration_ttl: 3600 }]);
  const fits = ([{ name, expiration }]) =>
    name === "ttl/hour" && expiration >= earliest && expiration <= seconds() + 3600;
  await bulk.list(fits, "--prefix", "ttl/");
}

async function checkErrors(bulk) {
  const good = { key: "invalid/good", value: "v" };
  await bulk.fails(
    "bad-ttl",
    [good, { key: "invalid/ttl", value: "v", expiration_ttl: 59 }],
    "60 s",
    "[code: 10034]",
  );
  await bulk.fails(
    "bad-expiration",
    [good, { key: "invalid/past", value: "v", expiration: 1000 }],
    "[code: 10033]",
  );
  await bulk.fails(
    "bad-base64",
    [good, { key: "invalid/base64", value: "*", base64: true }],
    "[code: 10012]",
  );
  await bulk.fails(
    "long-metadata",
    [good, { key: "invalid/metadata", value: "v", metadata: { m: "x".repeat(1024) } }],
    "[code: 10047]",
  );
  await bulk.fails("long-key", [good, { key: "x".repeat(513), value: "v" }], "[code: 10030]");
  await bulk.fails("dot-key", [good, { key: "..", value: "v" }], "[code: 10042]");
  await bulk.fails("conflict", [good, { ...good, value: "other" }], "invalid/good");
  // A request with an error in it writes nothing.
  await bulk.list([], "--prefix", "invalid/");
  await bulk.put("same-twice", [good, good]);
  await bulk.list([{ name: good.key }], "--prefix", "invalid/");
}
