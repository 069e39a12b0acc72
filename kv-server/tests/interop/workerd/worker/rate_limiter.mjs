// Rate limiter with a counter in KV. KV has no atomic increment, so of concurrent hits all but one are lost;
// the documentation says so, and recommends Durable Objects for exact counts.

const LIMIT = 3;
const WINDOW = 60;

export async function limited(request, env) {
  const query = new URL(request.url).searchParams;
  const client = query.get("client");
  const together = Number(query.get("together") ?? 1);
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

/** Returns a barrier that opens when `size` hits wait at it, so that the number of lost counts is certain. */
function barrier(size) {
  const { promise, resolve } = Promise.withResolvers();
  let waiting = 0;
  return () => {
    waiting += 1;
    if (waiting === size) resolve();
    return promise;
  };
}
