// Sessions by cookie: POST creates one, GET reads it, DELETE deletes it.

const HOUR = 3600;

export async function session(request, env) {
  if (request.method === "POST") return begin(request, env);
  const id = cookie(request, "session");
  if (id === undefined) return new Response("no session", { status: 401 });
  if (request.method === "DELETE") {
    await env.KV.delete(`session:${id}`);
    return new Response(null, { status: 204 });
  }
  const found = await env.KV.get(`session:${id}`, { type: "json", cacheTtl: 60 });
  return found === null ? new Response("session is gone", { status: 401 }) : Response.json(found);
}

async function begin(request, env) {
  const id = crypto.randomUUID();
  const user = await request.json();
  await env.KV.put(`session:${id}`, JSON.stringify(user), {
    expirationTtl: HOUR,
    metadata: { user: user.name },
  });
  return new Response(null, {
    status: 201,
    headers: { "Set-Cookie": `session=${id}; HttpOnly; Secure; Max-Age=${HOUR}` },
  });
}

function cookie(request, name) {
  const pairs = (request.headers.get("Cookie") ?? "").split("; ").map((pair) => pair.split("="));
  return pairs.find(([given]) => given === name)?.[1];
}
