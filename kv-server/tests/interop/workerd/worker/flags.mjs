// Feature flags as JSON, with a default.

const DEFAULT = { enabled: false, share: 0 };

export async function flag(request, env) {
  const name = new URL(request.url).searchParams.get("name");
  const set = await env.KV.get(`flag:${name}`, "json");
  return Response.json({ ...DEFAULT, ...set });
}
