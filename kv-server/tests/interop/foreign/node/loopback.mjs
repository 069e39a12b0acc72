// Sends what is meant for Cloudflare to the server under test, for clients that know no other address; refuses all else.

import { createRequire } from "node:module";

const { KV_SERVER_URL } = process.env;
const CLOUDFLARE = "https://api.cloudflare.com";
const require = createRequire(import.meta.url);
const http = require("node:http");
const https = require("node:https");

const { hostname, port } = new URL(KV_SERVER_URL);
const { fetch: plainFetch } = globalThis;

globalThis.fetch = (input, init) => {
  const url = String(input instanceof Request ? input.url : input);
  if (!url.startsWith(`${CLOUDFLARE}/`)) throw new Error(`not for Cloudflare: ${url}`);
  // As text: a URL object would be put together anew.
  return plainFetch(KV_SERVER_URL + url.slice(CLOUDFLARE.length), init);
};

// Clients that do not use fetch call this with options; a URL object counts as such.
https.request = (options, listener) => {
  const host = options.hostname ?? options.host;
  if (host !== "api.cloudflare.com") throw new Error(`not for Cloudflare: ${host}`);
  const { agent, protocol, port: _, ...rest } = options;
  return http.request({ ...rest, path: options.path, host: hostname, hostname, port }, listener);
};
