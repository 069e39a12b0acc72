// What wrangler makes of the server's refusals.

const NOBODYS = "0".repeat(32);

export async function checkErrors(client, id) {
  const there = ["--remote", "--namespace-id", id];
  const put = (key, ...more) => ["kv", "key", "put", key, "v", ...there, ...more];
  await client.fails(put("k", "--ttl", "59"), ["59 s", "60 s", "[code: 10034]"]);
  await client.fails(put("k", "--expiration", "1000"), ["[code: 10033]"]);
  await client.fails(put("k", "--metadata", JSON.stringify({ m: "x".repeat(1024) })), [
    "1024 bytes",
    "[code: 10047]",
  ]);
  await client.fails(put("x".repeat(513)), ["513 bytes", "[code: 10030]"]);
  // The client's own URL parser takes the last segment away: what is asked for is no key.
  await client.fails(put("."), ["[code: "]);
  await client.fails(put(".."), ["[code: "]);
  await client.printsJson(["kv", "key", "list", ...there], []);

  const nowhere = ["--remote", "--namespace-id", NOBODYS];
  const notFound = ["namespace not found", "[code: 10013]"];
  await client.fails(["kv", "key", "put", "k", "v", ...nowhere], notFound);
  await client.fails(["kv", "key", "get", "k", ...nowhere], ["404: Not Found"]);
  await client.fails(["kv", "key", "delete", "k", ...nowhere], notFound);
  await client.fails(["kv", "key", "list", ...nowhere], notFound);
  await client.fails(["kv", "namespace", "rename", "--namespace-id", NOBODYS, "--new-name", "x"], notFound);
  await client.fails(["kv", "namespace", "create", "x".repeat(513)], ["10019"]);

  const list = ["kv", "key", "list", ...there];
  const refused = ["Authentication error", "[code: 10000]"];
  await client.fails(list, refused, { CLOUDFLARE_API_TOKEN: "wrong" });
  await client.fails(list, refused, { CLOUDFLARE_ACCOUNT_ID: NOBODYS });
  await client.fails(["kv", "namespace", "list"], ["10000"], { CLOUDFLARE_API_TOKEN: "wrong" });
  // The older credentials.
  const key = {
    CLOUDFLARE_API_TOKEN: "",
    CLOUDFLARE_API_KEY: process.env.KV_TOKEN,
    CLOUDFLARE_EMAIL: "ada@example.com",
  };
  await client.prints(list, "[]", key);
}
