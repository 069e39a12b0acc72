// Account on the server under test, over its REST API: set-up and inspection that the checks do without the
// client.

const { KV_SERVER_URL, KV_ACCOUNT_ID, KV_TOKEN } = process.env;

/** Address and credentials of the server; without a token of its own it accepts any. */
export const server = { url: KV_SERVER_URL, accountId: KV_ACCOUNT_ID, token: KV_TOKEN || undefined };

const NAMESPACES = `${KV_SERVER_URL}/client/v4/accounts/${KV_ACCOUNT_ID}/storage/kv/namespaces`;

async function call(method, path, body) {
  const response = await fetch(`${NAMESPACES}${path}`, {
    method,
    headers: { Authorization: `Bearer ${server.token ?? "any"}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const envelope = await response.json();
  if (!envelope.success)
    throw new Error(`${method} ${path || "/"}: ${response.status} ${JSON.stringify(envelope.errors)}`);
  return envelope.result;
}

/** Creates a namespace and returns its id. */
export async function createNamespace(title) {
  return (await call("POST", "", { title })).id;
}

/** Lists the keys of a namespace, up to 1,000, with expiration and metadata. */
export function keys(id) {
  return call("GET", `/${id}/keys`);
}

/** Returns the bytes of a value. */
export async function value(id, key) {
  const response = await fetch(`${NAMESPACES}/${id}/values/${encodeURIComponent(key)}`, {
    headers: { Authorization: `Bearer ${server.token ?? "any"}` },
  });
  if (!response.ok) throw new Error(`${response.status} for a key of ${key.length} characters`);
  return Buffer.from(await response.arrayBuffer());
}

export function writeKeys(id, pairs) {
  return call("PUT", `/${id}/bulk`, pairs);
}

export function removeKeys(id, names) {
  return call("POST", `/${id}/bulk/delete`, names);
}

export function renameNamespace(id, title) {
  return call("PUT", `/${id}`, { title });
}

export function deleteNamespace(id) {
  return call("DELETE", `/${id}`);
}
