// Adapter of keyv with its storage adapter for Workers KV.

import { base64, firstError, installed, serve, text } from "./serve.mjs";

const { Keyv } = await import(installed("keyv/dist/index.mjs"));
const { KeyvCloudflareKV } = await import(installed("@keyv/cloudflare-kv/dist/index.mjs"));

let connection;

/** Runs an operation of a Keyv over a namespace, and throws the error that it emits as an event. */
async function run({ namespace, prefix }, operation) {
  const { url, account, credentials } = connection;
  const store = new KeyvCloudflareKV({
    mode: "rest",
    url: `${url}/client/v4`,
    accountId: account,
    namespaceId: namespace,
    apiToken: credentials.token,
    namespace: prefix,
  });
  const errors = [];
  const keyv = new Keyv(store, { namespace: prefix, throwOnErrors: false });
  keyv.on("error", (error) => errors.push(error));
  const value = await operation(keyv);
  if (errors.length > 0) throw errors[0];
  return value;
}

serve({
  connect(given) {
    connection = given;
  },
  async get(given) {
    const value = await run(given, (keyv) => keyv.get(given.key));
    return value === undefined ? null : base64(value);
  },
  put: (given) => run(given, (keyv) => keyv.set(given.key, text(given.value), given.ttl && given.ttl * 1000)),
  remove: (given) => run(given, (keyv) => keyv.delete(given.key)),
  has: (given) => run(given, (keyv) => keyv.has(given.key)),
  list: (given) =>
    run(given, async (keyv) => {
      const keys = [];
      for await (const [name] of keyv.iterator()) keys.push({ name });
      return keys;
    }),
  clear: (given) => run(given, (keyv) => keyv.clear()),
  putMany: (given) => run(given, (keyv) => keyv.setMany(given.pairs)),
  getMany: (given) => run(given, (keyv) => keyv.getMany(given.keys)),
  removeMany: (given) => run(given, (keyv) => keyv.deleteMany(given.keys)),
  describe(error) {
    // "Cloudflare KV get failed: 403 {…}"
    const [, status, body] = /failed: (\d+) (.*)$/s.exec(error.message) ?? [];
    if (status === undefined) return undefined;
    return { class: error.constructor.name, status: Number(status), ...firstError(JSON.parse(body)) };
  },
});
