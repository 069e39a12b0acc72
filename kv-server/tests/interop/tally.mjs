// Tally of checks: prints and counts each as passed, failed or skipped.

import { appendFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

/** In characters. */
const MAX_SHOWN = 400;

export class Tally {
  #client;
  #title;
  #planned;
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #version;

  /**
   * `planned` is the number of checks, so that one that silently does not run is noticed. `version` is that
   * of the client, where run.sh does not know it.
   */
  constructor(client, title, planned, version = "") {
    this.#client = client;
    this.#version = version;
    this.#title = title;
    this.#planned = planned;
    console.log(`\n== ${client}: ${title}`);
  }

  /** Compares `found` with `expected`, which is a value, or a predicate. */
  check(name, found, expected) {
    const fits = typeof expected === "function" ? expected(found) : isDeepStrictEqual(found, expected);
    if (fits) {
      this.#passed += 1;
      console.log(`pass  ${name}`);
      return;
    }
    this.#failed += 1;
    console.log(`FAIL  ${name}`);
    console.log(`      expected ${show(expected)}`);
    console.log(`      found    ${show(found)}`);
  }

  skip(name, reason) {
    this.#skipped += 1;
    console.log(`skip  ${name}: ${reason}`);
  }

  /** Returns the row of the closing table, and `true` if all checks ran and passed. */
  finish() {
    const checks = this.#passed + this.#failed;
    const passed = checks === this.#planned && this.#passed === checks;
    if (checks !== this.#planned)
      console.log(`FAIL  ${this.#client}, ${this.#title}: ${checks} checks ran, expected ${this.#planned}`);
    const row = [this.#client, this.#title, this.#planned, this.#passed, this.#skipped, this.#version];
    return { row, passed };
  }
}

/** Appends the tallies' rows to the closing table, and makes the process fail unless all checks passed. */
export function report(tallies) {
  const rows = tallies.map((tally) => tally.finish());
  for (const { row } of rows) appendFileSync(process.env.INTEROP_RESULTS, `${row.join("\t")}\n`);
  if (!rows.every(({ passed }) => passed)) process.exitCode = 1;
}

function show(value) {
  const text = typeof value === "function" ? value.toString() : (JSON.stringify(value) ?? "undefined");
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`;
}
