// Adapter of unstorage with its driver for Workers KV.

import { base64, firstError, installed, serve, text } from "./serve.mjs";

const { createStorage } = await import(installed("unstorage/dist/index.mjs"));
const { default: driver } = await import(installed("unstorage/drivers/cloudflare-kv-http.mjs"));

let connection;

/** Returns a storage over a namespace. */
function storage({ namespace }) {
  const { url, account, credentials } = connection;
  const { token, email, key } = credentials;
  const own = token === undefined ? { email, apiKey: key } : { apiToken: token };
  const options = { apiURL: url, accountId: account, namespaceId: namespace, ...own };
  return createStorage({ driver: driver(options) });
}

serve({
  connect(given) {
    connection = given;
  },
  async get(given) {
    const value = await storage(given).getItem(given.key);
    return value === null ? null : base64(String(value));
  },
  put: (given) => storage(given).setItem(given.key, text(given.value), { ttl: given.ttl }),
  remove: (given) => storage(given).removeItem(given.key),
  has: (given) => storage(given).hasItem(given.key),
  async list(given) {
    const keys = await storage(given).getKeys(given.prefix);
    return keys.map((name) => ({ name }));
  },
  clear: (given) => storage(given).clear(given.prefix),
  describe: (error) => ({ class: error.name, status: error.status, ...firstError(error.data) }),
});
