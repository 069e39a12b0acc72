// A client under way: what it is asked to do, and what comes of it, each held against what is expected.

import { isDeepStrictEqual } from "node:util";

export class Driver {
  #tally;
  #adapter;

  constructor(tally, client, adapter) {
    this.#tally = tally;
    this.#adapter = adapter;
    this.client = client;
  }

  /** True if the client has all of these operations, abilities and habits. */
  does(...abilities) {
    return abilities.every((ability) => this.client.does.includes(ability));
  }

  /** Compares what was found without the client's help. */
  check(name, found, expected) {
    this.#tally.check(this.#named(name), found, expected);
  }

  setAside(name, reason) {
    this.#tally.setAside(this.#named(name), reason);
  }

  /** Expects that an operation succeeds with a value that `expected` is, or accepts; gives the value. */
  async value(name, operation, given, expected) {
    const found = await this.#adapter.run(operation, given);
    if (typeof expected === "function") {
      const fits = (outcome) => "value" in outcome && expected(outcome.value);
      fits.toString = () => `a value for which ${expected}`;
      this.#tally.check(this.#named(name), found, fits);
    } else {
      this.#tally.check(this.#named(name), found, { value: expected });
    }
    return found.value;
  }

  /** Expects that an operation succeeds, whatever the client makes of the answer. */
  succeeds(name, operation, given) {
    return this.value(name, operation, given, () => true);
  }

  /** Expects that the client shows a refusal of the server: its `status`, its `code`, the codes of its `chain`, and a part of
   * its message, `says`. */
  async refused(name, operation, given, refusal) {
    const found = await this.#adapter.run(operation, given);
    const expected = this.client.shows(refusal, operation);
    const same = isDeepStrictEqual(comparable(found, expected), expected);
    this.#tally.check(this.#named(name), same ? expected : found, expected);
  }

  #named(name) {
    return `${this.client.name} ${this.client.version}: ${name}`;
  }
}

/** An outcome with no more of a message than is expected of it. */
function comparable(found, expected) {
  if (found.error === undefined) return found;
  const { message, ...error } = found.error;
  const says = expected.error?.says;
  const isSaid = says !== undefined && message?.includes(says);
  return { error: isSaid ? { ...error, says } : error };
}
