// Adapter of Cloudflare's SDK for TypeScript, the package in the folder that the first argument names.

import { base64, firstError, load, serve, text } from "./serve.mjs";

const folder = process.argv[2];
const { Cloudflare, toFile } = load(folder);
const major = Number(folder.split("-")[1]);

let client;
let api;
let account_id;
/** Of a request for a value. */
let options;

/** The arguments of a method of a key: later versions take the namespace among the parameters. */
function of({ namespace, key }, parameters = {}) {
  if (major < 7) return [namespace, key, { account_id, ...parameters }];
  return [key, { account_id, namespace_id: namespace, ...parameters }];
}

function credentialOptions({ token, email, key }) {
  return { apiToken: token ?? null, apiEmail: email ?? null, apiKey: key ?? null };
}

async function names(listing) {
  const keys = [];
  for await (const key of listing) keys.push(key);
  return keys;
}

serve({
  connect({ url, account, credentials }) {
    account_id = account;
    const baseURL = `${url}/client/v4`;
    // It refuses to send a request without credentials unless told so with each.
    options = Object.keys(credentials).length === 0 ? { headers: { authorization: null } } : {};
    client = new Cloudflare({ baseURL, maxRetries: 0, ...credentialOptions(credentials) });
    api = client.kv.namespaces;
  },
  nowhere: () => client.get(`/accounts/${account_id}/storage/kv/nowhere`),
  createNamespace: ({ title, jurisdiction }) => api.create({ account_id, title, jurisdiction }),
  listNamespaces: ({ perPage }) => names(api.list({ account_id, order: "title", per_page: perPage })),
  getNamespace: ({ namespace }) => api.get(namespace, { account_id }),
  renameNamespace: ({ namespace, title }) => api.update(namespace, { account_id, title }),
  deleteNamespace: ({ namespace }) => api.delete(namespace, { account_id }),

  async get(given) {
    const response = await api.values.get(...of(given), options);
    return base64(await response.arrayBuffer());
  },
  async put({ value, metadata, ttl, expiration, ...given }) {
    const expires = { expiration_ttl: ttl, expiration };
    const body = {
      value: given.isBinary ? await toFile(Buffer.from(value, "base64"), "value") : text(value),
      ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
    };
    // Version 3 knows no such parameters.
    if (major < 4) return api.values.update(...of(given, body), { query: expires, ...options });
    return api.values.update(...of(given, { ...body, ...expires }), options);
  },
  async putLong({ length, ...given }) {
    const value = await toFile(Buffer.alloc(length), "value");
    return api.values.update(...of(given, { value }));
  },
  remove: (given) => api.values.delete(...of(given)),
  metadata: (given) => api.metadata.get(...of(given)),

  list: ({ namespace, ...query }) => names(api.keys.list(namespace, { account_id, ...query })),
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
    // Version 3 has no parameter for the keys.
    if (major < 4) return api.bulk.delete(namespace, { account_id }, { body });
    return api.bulkDelete(namespace, { account_id, body });
  },

  describe(error) {
    if (error.status === undefined) return undefined;
    return { class: error.constructor.name, status: error.status, ...firstError(error) };
  },
});
