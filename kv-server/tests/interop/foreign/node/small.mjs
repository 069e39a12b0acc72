// Adapters of small npm packages for Workers KV; the first argument is the package's name.

import "./loopback.mjs";
import { ReportedError, base64, firstError, load, serve, text } from "./serve.mjs";

const name = process.argv[2];
const Client = load(name);

let connection;

/** Throws the error in an envelope that a client returns as a result. */
function checkEnvelope(envelope) {
  if (envelope?.success === false) throw new ReportedError({ class: "envelope", ...firstError(envelope) });
  return envelope;
}

/** Throws for a client whose only sign of an error is `false` or `null`. */
function checkTruthy(result) {
  if (!result) throw new ReportedError({ class: String(result) });
  return result;
}

function credentials() {
  const { token, email, key } = connection.credentials;
  return { token, email, key: key ?? token };
}

const ADAPTERS = {
  "@sagi.io/workers-kv": () => {
    const client = ({ namespace }) => {
      const { token, email, key } = credentials();
      const own = email === undefined ? { cfAuthToken: token } : { cfEmail: email, cfAuthKey: key };
      return new Client({ cfAccountId: connection.account, namespaceId: namespace, ...own });
    };
    const list = (given, more) => client(given).listKeys({ prefix: given.prefix, ...more });
    return {
      async listNamespaces() {
        return checkEnvelope(await client({}).listNamespaces({ per_page: 1000 })).result;
      },
      async get(given) {
        return base64(checkEnvelope(await client(given).readKey({ key: given.key })));
      },
      async put({ key, value, ttl, expiration, ...given }) {
        const entry = { key, value: text(value), expiration, expiration_ttl: ttl };
        checkEnvelope(await client(given).writeKey(entry));
      },
      async remove(given) {
        checkEnvelope(await client(given).deleteKey({ key: given.key }));
      },
      async list(given) {
        const { prefix, limit } = given;
        return checkEnvelope(await client(given).listAllKeys({ prefix, limit })).result;
      },
      async page(given) {
        const { limit, cursor } = given;
        const { result, result_info } = checkEnvelope(await list(given, { limit, cursor }));
        return { keys: result, cursor: result_info.cursor };
      },
      async bulkPut(given) {
        const keyValueMap = Object.fromEntries(given.pairs.map(({ key, value }) => [key, value]));
        return checkEnvelope(await client(given).writeMultipleKeys({ keyValueMap })).result;
      },
      async bulkRemove(given) {
        return checkEnvelope(await client(given).deleteMultipleKeys({ keys: given.keys })).result;
      },
    };
  },

  "@kikobeats/cloudflare-workers-kv": () => {
    const client = ({ namespace }) => {
      const { email, key } = credentials();
      return Client({ accountId: connection.account, namespaceId: namespace, email, key });
    };
    return {
      // Its values are JSON.
      async get(given) {
        const value = checkEnvelope(await client(given).get(given.key));
        return value === undefined ? null : base64(value.text);
      },
      put: ({ key, value, ttl, ...given }) =>
        client(given).set(key, { text: text(value) }, ttl && ttl * 1000),
      remove: (given) => client(given).delete(given.key),
      describe: ({ code, message }) => ({ class: "Error", code, message }),
    };
  },

  "cloudflare-kv-storage-rest": () => {
    const client = ({ namespace }) => {
      const { email, key } = credentials();
      const own = { accountId: connection.account, namespace };
      return new Client({ ...own, authEmail: email ?? "ada@example.com", authKey: key });
    };
    return {
      async get(given) {
        const value = await client(given).get(given.key);
        return value === null ? null : base64(value);
      },
      async put({ key, value, ttl, expiration, ...given }) {
        const options = { expirationTtl: ttl, expiration };
        checkTruthy(await client(given).put(key, text(value), options));
      },
      async remove(given) {
        checkTruthy(await client(given).delete(given.key));
      },
      async page(given) {
        const { prefix, limit, cursor } = given;
        return checkTruthy(await client(given).list({ prefix, limit, cursor }));
      },
    };
  },

  "remote-cloudflare-kv": () => {
    const client = ({ namespace }) => {
      const { token } = credentials();
      const own = { account_id: connection.account, namespace_id: namespace };
      return new Client.default({ ...own, api_token: token });
    };
    return {
      async get(given) {
        const value = await client(given).get(given.key);
        if (value?.startsWith('{"success":false')) checkEnvelope(JSON.parse(value));
        return value === null ? null : base64(value);
      },
      // Always a bulk write.
      put: ({ key, value, ttl, expiration, metadata, ...given }) =>
        client(given).put(key, text(value), { expirationTtl: ttl, expiration, metadata }),
      remove: (given) => client(given).delete(given.key),
      async metadata(given) {
        return (await client(given).getWithMetadata(given.key)).metadata;
      },
      page: ({ prefix, limit, cursor, ...given }) => client(given).list({ prefix, limit, cursor }),
    };
  },
};

serve({
  connect(given) {
    connection = given;
  },
  ...ADAPTERS[name](),
});
