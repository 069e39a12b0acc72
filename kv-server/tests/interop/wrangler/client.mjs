// Checks of wrangler's commands, each of its exit code and output.

import { isDeepStrictEqual } from "node:util";

import { wrangler } from "./run.mjs";

const REMOTE = "Resource location: remote \n\n";

export class Client {
  #tally;

  constructor(tally) {
    this.#tally = tally;
  }

  /** Expects success, and exactly this output after the line about the resource's location. */
  async prints(args, expected, variables) {
    const { code, out, err } = await wrangler(args, variables);
    this.#tally.check(
      name(args),
      { code, out: out.replace(REMOTE, ""), err },
      { code: 0, out: `${expected}\n`, err: "" },
    );
  }

  /** Expects success, and JSON that equals `expected` or that the predicate accepts. */
  async printsJson(args, expected) {
    const { code, out, err } = await wrangler(args);
    const found = code === 0 ? parse(out) : undefined;
    const fits = typeof expected === "function" ? expected : (json) => isDeepStrictEqual(json, expected);
    this.#tally.check(name(args), found ?? { code, out, err }, found === undefined ? { code: 0 } : fits);
    return found;
  }

  /** Expects success, and exactly these bytes on stdout. */
  async printsBytes(args, expected) {
    const { code, bytes, err } = await wrangler(args);
    const found = { code, err, length: bytes.length, equal: bytes.equals(expected) };
    this.#tally.check(name(args), found, { code: 0, err: "", length: expected.length, equal: true });
  }

  /** Expects success, and output that contains each of `parts`. */
  async mentions(args, parts) {
    const { code, out, err } = await wrangler(args);
    const missing = parts.filter((part) => !out.includes(part));
    this.#tally.check(name(args), { code, missing, err }, { code: 0, missing: [], err: "" });
    return out;
  }

  /** Expects exit code 1, and an error that contains each of `parts`. */
  async fails(args, parts, variables) {
    const { code, out, err } = await wrangler(args, variables);
    const missing = parts.filter((part) => !err.includes(part));
    const found = missing.length === 0 && code === 1 ? { code, missing } : { code, missing, out, err };
    this.#tally.check(name(args), found, { code: 1, missing: [] });
  }
}

function name(args) {
  const text = args.map((arg) => (/^[\w/.:=-]+$/.test(arg) ? arg : JSON.stringify(arg))).join(" ");
  return text.length <= 140 ? text : `${text.slice(0, 140)}…`;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
