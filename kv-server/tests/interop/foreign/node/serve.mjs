// Loop of an adapter: reads operations from stdin and writes their outcomes to stdout, each as a line of
// JSON.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MODULES = join(process.env.INTEROP_NPM, "node_modules");

/** Loads an installed CommonJS package. */
export const load = createRequire(join(MODULES, "adapter.cjs"));

/** Returns the path of an installed file, for clients that are ES modules. */
export function installed(path) {
  return join(MODULES, path);
}

/** Performs operations, each a method of `client`, until stdin ends. */
export async function serve(client) {
  // Some clients print, but stdout is for outcomes.
  console.log = console.error;
  for await (const line of createInterface({ input: process.stdin })) {
    const { operation, ...given } = JSON.parse(line);
    const outcome = await run(client, operation, given);
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}

async function run(client, operation, given) {
  try {
    return { value: (await client[operation](given)) ?? null };
  } catch (error) {
    const reported = error instanceof ReportedError ? error.reported : client.describe?.(error);
    return { error: reported ?? { class: error.constructor.name, message: error.message } };
  }
}

/** Error that a client reports without an exception. */
export class ReportedError extends Error {
  constructor(reported) {
    super(JSON.stringify(reported));
    this.reported = reported;
  }
}

/** Returns code, message and chain of codes of the first error in an envelope. */
export function firstError(envelope) {
  const [error] = envelope?.errors ?? [];
  if (error === undefined) return {};
  const chain = error.error_chain?.map(({ code }) => code);
  return { code: error.code, ...(chain && { chain }), message: error.message };
}

export const text = (base64) => Buffer.from(base64, "base64").toString("utf8");
export const base64 = (bytes) => Buffer.from(bytes).toString("base64");
