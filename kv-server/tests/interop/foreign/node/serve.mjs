// Loop of an adapter: operations come as lines of JSON on stdin, their outcomes go to stdout.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MODULES = join(process.env.INTEROP_NPM, "node_modules");

/** Loads an installed client. */
export const load = createRequire(join(MODULES, "adapter.cjs"));

/** The path of an installed file, for those that are modules. */
export function installed(path) {
  return join(MODULES, path);
}

/** Answers operations, each of which is a method of `client`, until stdin ends. */
export async function serve(client) {
  // Clients print; stdout is for outcomes.
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
    const shown = error instanceof Shown ? error.shown : client.describe?.(error);
    return { error: shown ?? { class: error.constructor.name, message: error.message } };
  }
}

/** A failure that the client tells in a way of its own, not by an exception. */
export class Shown extends Error {
  constructor(shown) {
    super(JSON.stringify(shown));
    this.shown = shown;
  }
}

/** Code, message and the codes behind it of a failure, from an envelope of the API. */
export function firstError(envelope) {
  const [error] = envelope?.errors ?? [];
  if (error === undefined) return {};
  const chain = error.error_chain?.map(({ code }) => code);
  return { code: error.code, ...(chain && { chain }), message: error.message };
}

export const text = (base64) => Buffer.from(base64, "base64").toString("utf8");
export const base64 = (bytes) => Buffer.from(bytes).toString("base64");
