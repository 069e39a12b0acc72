// The account on the server under test, over its REST API, for what a client needs around its own commands.

const { KV_SERVER_URL, KV_ACCOUNT_ID, KV_TOKEN } = process.env;

/** A server without a token takes any. */
export const server = { url: KV_SERVER_URL, accountId: KV_ACCOUNT_ID, token: KV_TOKEN || undefined };

const NAMESPACES = `${KV_SERVER_URL}/client/v4/accounts/${KV_ACCOUNT_ID}/storage/kv/namespaces`;

async function call(method, path, body) {
  const response = await fetch(`${NAMESPACES}${path}`, {
    method,
    headers: { Authorization: `Bearer ${server.token ?? "any"}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!answer.success)
    throw new Error(`${method} ${path || "/"}: ${response.status} ${JSON.stringify(answer.errors)}`);
  return answer.result;
}

/** The id of a new namespace. */
export async function createNamespace(title) {
  return (await call("POST", "", { title })).id;
}

/** All keys of a namespace with fewer than a thousand: name, and what else is there. */
export function keys(id) {
  return call("GET", `/${id}/keys`);
}

/** The bytes of a value. */
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
