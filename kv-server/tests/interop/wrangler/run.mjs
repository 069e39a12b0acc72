// Processes of wrangler, without the user's configuration and without requests to the internet.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { server } from "../account.mjs";
import { start, stop } from "../children.mjs";

const { INTEROP_CLIENTS, INTEROP_WORK, INTEROP_JOBS, PATH } = process.env;
const FOLDER = join(INTEROP_WORK, "wrangler");
const TEMPORARY = join(FOLDER, "temporary");
const EXECUTABLE = join(INTEROP_CLIENTS, "node_modules/wrangler/bin/wrangler.js");
const CODE_CACHE = join(import.meta.dirname, "code_cache.cjs");
const TIMEOUT_MS = 120_000;
// Colours, and the path of wrangler's log.
const NOISE = /\u001b\[[0-9;]*m|\n*🪵  Logs were written to .*\n/gu;

mkdirSync(TEMPORARY, { recursive: true });

/** Writes a file of this run and returns its path. */
export function file(name, contents) {
  const path = join(FOLDER, name);
  writeFileSync(path, contents);
  return path;
}

let free = Number(INTEROP_JOBS);
const waiting = [];

/** Runs a command, at most INTEROP_JOBS at once; returns its exit code and output, as text and as bytes. */
export async function wrangler(args, variables) {
  if (free > 0) free -= 1;
  else await new Promise((resolve) => waiting.push(resolve));
  try {
    return await command(args, variables);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }
}

async function command(args, variables = {}) {
  const child = start(process.execPath, ["--require", CODE_CACHE, EXECUTABLE, ...args], {
    cwd: FOLDER,
    env: {
      PATH,
      HOME: FOLDER,
      TMPDIR: TEMPORARY,
      CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
      CLOUDFLARE_ACCOUNT_ID: server.accountId,
      CLOUDFLARE_API_TOKEN: server.token,
      CI: "1",
      NO_COLOR: "1",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      // The banner would come with a check for updates.
      WRANGLER_HIDE_BANNER: "true",
      INTEROP_CODE_CACHE: join(FOLDER, "compiled"),
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timeout = setTimeout(() => stop(child), TIMEOUT_MS);
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const bytes = Buffer.concat(out);
    return { code, bytes, out: clean(bytes), err: clean(Buffer.concat(err)) };
  } finally {
    clearTimeout(timeout);
  }
}

function collect(stream) {
  const chunks = [];
  stream.on("data", (chunk) => chunks.push(chunk));
  return chunks;
}

function clean(bytes) {
  return bytes.toString("utf8").replace(NOISE, "");
}
