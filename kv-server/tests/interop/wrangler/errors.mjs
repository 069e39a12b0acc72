// Checks of wrangler's output for the server's errors.

const UNKNOWN_ID = "0".repeat(32);

export async function checkErrors(client, id) {
  const there = ["--remote", "--namespace-id", id];
  const put = (key, ...more) => ["kv", "key", "put", key, "v", ...there, ...more];
  await client.fails(put("k", "--ttl", "59"), ["59 s", "60 s", "[code: 10034]"]);
  await client.fails(put("k", "--expiration", "1000"), ["[code: 10033]"]);
  await client.fails(put("k", "--metadata", JSON.stringify({ m: "x".repeat(1024) })), [
    "metadata",
    "1024",
    "[code: 10047]",
  ]);
  await client.fails(put("x".repeat(513)), ["513 bytes", "[code: 10030]"]);
  // The client's URL parser removes the last segment, so that the path has no key.
  await client.fails(put("."), ["[code: "]);
  await client.fails(put(".."), ["[code: "]);
  await client.printsJson(["kv", "key", "list", ...there], []);

  const unknown = ["--remote", "--namespace-id", UNKNOWN_ID];
  const notFound = ["namespace not found", "[code: 10013]"];
  await client.fails(["kv", "key", "put", "k", "v", ...unknown], notFound);
  await client.fails(["kv", "key", "get", "k", ...unknown], ["404: Not Found"]);
  await client.fails(["kv", "key", "delete", "k", ...unknown], notFound);
  await client.fails(["kv", "key", "list", ...unknown], notFound);
  await client.fails(["kv", "namespace", "rename", "--namespace-id", UNKNOWN_ID, "--new-name", "x"], notFound);
  await client.fails(["kv", "namespace", "create", "x".repeat(513)], ["10019"]);

  const list = ["kv", "key", "list", ...there];
  const unauthorized = ["Authentication error", "[code: 10000]"];
  await client.fails(list, unauthorized, { CLOUDFLARE_API_TOKEN: "wrong" });
  await client.fails(list, unauthorized, { CLOUDFLARE_ACCOUNT_ID: UNKNOWN_ID });
  await client.fails(["kv", "namespace", "list"], ["10000"], { CLOUDFLARE_API_TOKEN: "wrong" });
  // Credentials of the older kind.
  const key = {
    CLOUDFLARE_API_TOKEN: "",
    CLOUDFLARE_API_KEY: process.env.KV_TOKEN,
    CLOUDFLARE_EMAIL: "ada@example.com",
  };
  await client.prints(list, "[]", key);
}
