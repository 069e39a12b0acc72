// A counter that is read and then put. KV has no atomic increment, so of hits at the same time all but one are lost: the
// documentation says so, and sends who needs every count to Durable Objects.

const LIMIT = 3;
const WINDOW = 60;

export async function limited(request, env) {
  const query = new URL(request.url).searchParams;
  const [client, together] = [query.get("client"), Number(query.get("together") ?? 1)];
  const meet = barrier(together);
  const statuses = await Promise.all(Array.from({ length: together }, () => hit(env, client, meet)));
  return Response.json({ statuses, count: Number(await env.KV.get(`hits:${client}`)) });
}

async function hit(env, client, meet) {
  const key = `hits:${client}`;
  const count = Number((await env.KV.get(key)) ?? 0);
  await meet();
  if (count >= LIMIT) return 429;
  await env.KV.put(key, String(count + 1), { expirationTtl: WINDOW });
  return 200;
}

/** Lets nobody on before `size` have come, so that which counts are lost does not hang on chance. */
function barrier(size) {
  const { promise, resolve } = Promise.withResolvers();
  let come = 0;
  return () => {
    come += 1;
    if (come === size) resolve();
    return promise;
  };
}
