// The account on the server under test, over its REST API, for what a client needs around its own commands.

const { KV_SERVER_URL, KV_ACCOUNT_ID, KV_TOKEN } = process.env;

export const server = { url: KV_SERVER_URL, accountId: KV_ACCOUNT_ID, token: KV_TOKEN };

const NAMESPACES = `${KV_SERVER_URL}/client/v4/accounts/${KV_ACCOUNT_ID}/storage/kv/namespaces`;

async function call(method, path, body) {
  const response = await fetch(`${NAMESPACES}${path}`, {
    method,
    headers: { Authorization: `Bearer ${KV_TOKEN}`, "Content-Type": "application/json" },
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

export function renameNamespace(id, title) {
  return call("PUT", `/${id}`, { title });
}

export function deleteNamespace(id) {
  return call("DELETE", `/${id}`);
}
