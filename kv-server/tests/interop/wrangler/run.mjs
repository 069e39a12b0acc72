// wrangler as a process: away from any configuration of the user's, and from the internet.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { server } from "../account.mjs";
import { start, stop } from "../children.mjs";

const { INTEROP_CLIENTS, INTEROP_WORK, INTEROP_JOBS, PATH } = process.env;
const FOLDER = join(INTEROP_WORK, "wrangler");
const TEMPORARY = join(FOLDER, "temporary");
const EXECUTABLE = join(INTEROP_CLIENTS, "node_modules/wrangler/bin/wrangler.js");
const CODE_CACHE = join(import.meta.dirname, "code_cache.cjs");
const PATIENCE_MS = 120_000;
// Colours, and where it keeps its log.
const NOISE = /\u001b\[[0-9;]*m|\n*🪵  Logs were written to .*\n/gu;

mkdirSync(TEMPORARY, { recursive: true });

/** The path of a file of the run's own. */
export function file(name, contents) {
  const path = join(FOLDER, name);
  writeFileSync(path, contents);
  return path;
}

let free = Number(INTEROP_JOBS);
const waiting = [];

/** What a command printed, as text and as bytes, and its exit code. INTEROP_JOBS of them run at once. */
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
      // The banner comes with a look for updates.
      WRANGLER_HIDE_BANNER: "true",
      INTEROP_CODE_CACHE: join(FOLDER, "compiled"),
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const patience = setTimeout(() => stop(child), PATIENCE_MS);
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  try {
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const bytes = Buffer.concat(out);
    return { code, bytes, out: clean(bytes), err: clean(Buffer.concat(err)) };
  } finally {
    clearTimeout(patience);
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
