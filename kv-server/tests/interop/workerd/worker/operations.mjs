// Single calls of a binding: the operation in and its outcome out, in the notation of the recorded vectors.

/** Texts and buffers that are longer than this are shown by their hash. */
const LONG = 100_000;

export async function perform(request, env) {
  const operation = await request.json();
  try {
    return Response.json({ ok: await describe(await call(env[operation.binding ?? "KV"], operation)) });
  } catch (error) {
    return Response.json({ error: { name: error.name, message: error.message } });
  }
}

function call(kv, { op, key, options, ...rest }) {
  const keyGiven = Array.isArray(key) ? key.map(expand) : expand(key);
  switch (op) {
    case "get":
      return kv.get(keyGiven, options);
    case "getWithMetadata":
      return kv.getWithMetadata(keyGiven, options);
    case "put":
      return kv.put(keyGiven, value(rest), options && { ...options, metadata: expand(options.metadata) });
    case "delete":
      return kv.delete(keyGiven);
    case "list":
      return kv.list(options && { ...options, prefix: expand(options.prefix) });
    default:
      throw new RangeError(`no such operation: ${op}`);
  }
}

/** Expands the description of a long text. */
function expand(given) {
  const repeated = given?.repeat ?? given?.repeatKey;
  return typeof repeated === "string" ? repeated.repeat(given.n) : given;
}

function value({ value, b64, stream, fixed }) {
  if (b64 !== undefined) return Uint8Array.from(atob(b64), (character) => character.charCodeAt(0));
  if (stream !== undefined) return bytes(stream, fixed);
  return expand(value);
}

/** Returns a stream of `length` bytes, with an announced length if it is `fixed`. */
function bytes(length, fixed) {
  const { readable, writable } = fixed ? new FixedLengthStream(length) : new TransformStream();
  const write = async () => {
    const writer = writable.getWriter();
    for (let left = length; left > 0; left -= 65_536)
      await writer.write(new Uint8Array(Math.min(left, 65_536)));
    await writer.close();
  };
  // A put that fails cancels its stream; the reason is the put's error.
  write().catch(() => {});
  return readable;
}

async function describe(outcome) {
  if (outcome === undefined) return { $: "undefined" };
  if (outcome instanceof Map) return { $: "map", entries: Object.fromEntries(await pairs(outcome)) };
  if (outcome instanceof ReadableStream) {
    return { $: "stream", of: await describe(await new Response(outcome).arrayBuffer()) };
  }
  if (outcome instanceof ArrayBuffer) return describeBytes(outcome);
  if (typeof outcome === "string" && outcome.length > LONG) {
    return { $: "text", length: outcome.length, sha256: await sha256(new TextEncoder().encode(outcome)) };
  }
  if (outcome !== null && typeof outcome === "object" && "cacheStatus" in outcome && "value" in outcome) {
    return { ...outcome, value: await describe(outcome.value) };
  }
  return outcome;
}

async function pairs(map) {
  return Promise.all([...map].map(async ([key, found]) => [key, await describe(found)]));
}

async function describeBytes(buffer) {
  if (buffer.byteLength > LONG)
    return { $: "bytes", length: buffer.byteLength, sha256: await sha256(buffer) };
  return { $: "bytes", hex: hex(buffer), length: buffer.byteLength };
}

async function sha256(data) {
  return hex(await crypto.subtle.digest("SHA-256", data));
}

function hex(buffer) {
  return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
