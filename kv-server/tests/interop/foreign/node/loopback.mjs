// Redirection of requests for Cloudflare to the server under test, for clients with a fixed address; all
// others fail.

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
  if (!url.startsWith(`${CLOUDFLARE}/`)) throw new Error(`not a request for Cloudflare: ${url}`);
  // As text, since a URL object would normalize it.
  return plainFetch(KV_SERVER_URL + url.slice(CLOUDFLARE.length), init);
};

// Other clients call this, with options or a URL object.
https.request = (options, listener) => {
  const host = options.hostname ?? options.host;
  if (host !== "api.cloudflare.com") throw new Error(`not a request for Cloudflare: ${host}`);
  const { agent, protocol, port: _, ...rest } = options;
  return http.request({ ...rest, path: options.path, host: hostname, hostname, port }, listener);
};
