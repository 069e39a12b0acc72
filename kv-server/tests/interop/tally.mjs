// Counts what agrees with what was expected, and prints every check.

import { appendFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const MAX_SHOWN = 400;

export class Tally {
  #client;
  #title;
  #planned;
  #agreed = 0;
  #differed = 0;
  #setAside = 0;
  #version;

  /**
   * `planned` is how many checks there are to be: one that silently did not run is a failure, too. The version is the
   * client's, where run.sh does not know it.
   */
  constructor(client, title, planned, version = "") {
    this.#client = client;
    this.#version = version;
    this.#title = title;
    this.#planned = planned;
    console.log(`\n== ${client}: ${title}`);
  }

  /** Holds `found` against `expected`, which is a value, or a function that says whether it fits. */
  check(name, found, expected) {
    const fits = typeof expected === "function" ? expected(found) : isDeepStrictEqual(found, expected);
    if (fits) {
      this.#agreed += 1;
      console.log(`agree   ${name}`);
      return;
    }
    this.#differed += 1;
    console.log(`differ  ${name}`);
    console.log(`        expected ${show(expected)}`);
    console.log(`        found    ${show(found)}`);
  }

  setAside(name, reason) {
    this.#setAside += 1;
    console.log(`aside   ${name}: ${reason}`);
  }

  /** One row of the closing table, and whether everything ran and agreed. */
  finish() {
    const checks = this.#agreed + this.#differed;
    const agreed = checks === this.#planned && this.#agreed === checks;
    if (checks !== this.#planned)
      console.log(`differ  ${this.#title}: ${checks} checks ran, ${this.#planned} were to run`);
    const row = [this.#client, this.#title, this.#planned, this.#agreed, this.#setAside, this.#version];
    return { row, agreed };
  }
}

/** Hands the rows of all tallies to the closing table, and makes the process fail unless everything agreed. */
export function report(tallies) {
  const rows = tallies.map((tally) => tally.finish());
  for (const { row } of rows) appendFileSync(process.env.INTEROP_RESULTS, `${row.join("\t")}\n`);
  if (!rows.every(({ agreed }) => agreed)) process.exitCode = 1;
}

function show(value) {
  const text = typeof value === "function" ? value.toString() : (JSON.stringify(value) ?? "undefined");
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`;
}
