// Adapter of Cloudflare's SDK for TypeScript; the first argument is the package's folder.

import { base64, firstError, load, serve, text } from "./serve.mjs";

const folder = process.argv[2];
const { Cloudflare, toFile } = load(folder);
const major = Number(folder.split("-")[1]);

let client;
let api;
let account_id;
/** Options of requests for values. */
let options;

/** Returns the arguments of a method for a key: from version 7 on, the namespace is a parameter. */
function keyArguments({ namespace, key }, parameters = {}) {
  if (major < 7) return [namespace, key, { account_id, ...parameters }];
  return [key, { account_id, namespace_id: namespace, ...parameters }];
}

function credentialOptions({ token, email, key }) {
  return { apiToken: token ?? null, apiEmail: email ?? null, apiKey: key ?? null };
}

/** Collects all items of a listing. */
async function all(listing) {
  const items = [];
  for await (const item of listing) items.push(item);
  return items;
}

serve({
  connect({ url, account, credentials }) {
    account_id = account;
    const baseURL = `${url}/client/v4`;
    // Without credentials, each request needs this option.
    options = Object.keys(credentials).length === 0 ? { headers: { authorization: null } } : {};
    client = new Cloudflare({ baseURL, maxRetries: 0, ...credentialOptions(credentials) });
    api = client.kv.namespaces;
  },
  nowhere: () => client.get(`/accounts/${account_id}/storage/kv/nowhere`),
  createNamespace: ({ title, jurisdiction }) => api.create({ account_id, title, jurisdiction }),
  listNamespaces: ({ perPage }) => all(api.list({ account_id, order: "title", per_page: perPage })),
  getNamespace: ({ namespace }) => api.get(namespace, { account_id }),
  renameNamespace: ({ namespace, title }) => api.update(namespace, { account_id, title }),
  deleteNamespace: ({ namespace }) => api.delete(namespace, { account_id }),

  async get(given) {
    const response = await api.values.get(...keyArguments(given), options);
    return base64(await response.arrayBuffer());
  },
  async put({ value, metadata, ttl, expiration, ...given }) {
    const expires = { expiration_ttl: ttl, expiration };
    const body = {
      value: given.isBinary ? await toFile(Buffer.from(value, "base64"), "value") : text(value),
      ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
    };
    // Version 3 lacks these parameters.
    if (major < 4) return api.values.update(...keyArguments(given, body), { query: expires, ...options });
    return api.values.update(...keyArguments(given, { ...body, ...expires }), options);
  },
  async putLong({ length, ...given }) {
    const value = await toFile(Buffer.alloc(length), "value");
    return api.values.update(...keyArguments(given, { value }));
  },
  remove: (given) => api.values.delete(...keyArguments(given)),
  metadata: (given) => api.metadata.get(...keyArguments(given)),

  list: ({ namespace, ...query }) => all(api.keys.list(namespace, { account_id, ...query })),
  async page({ namespace, ...query }) {
    const { result, result_info } = await api.keys.list(namespace, { account_id, ...query });
    return { keys: result, cursor: result_info?.cursor };
  },

  bulkPut({ namespace, pairs: body }) {
    const parameters = { account_id, body };
    return major < 4 ? api.bulk.update(namespace, parameters) : api.bulkUpdate(namespace, parameters);
  },
  bulkGet: ({ namespace, ...body }) => api.bulkGet(namespace, { account_id, ...body }),
  bulkRemove({ namespace, keys: body }) {
    // Version 3 lacks a parameter for the keys.
    if (major < 4) return api.bulk.delete(namespace, { account_id }, { body });
    return api.bulkDelete(namespace, { account_id, body });
  },

  describe(error) {
    if (error.status === undefined) return undefined;
    return { class: error.constructor.name, status: error.status, ...firstError(error) };
  },
});
