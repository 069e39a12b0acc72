// Driver of a client: performs operations with it, and checks their outcomes.

import { isDeepStrictEqual } from "node:util";

export class Driver {
  #tally;
  #adapter;

  constructor(tally, client, adapter) {
    this.#tally = tally;
    this.#adapter = adapter;
    this.client = client;
  }

  /** True if the client has all of these operations and properties. */
  does(...properties) {
    return properties.every((property) => this.client.does.includes(property));
  }

  /** Checks something that was found without the client. */
  check(name, found, expected) {
    this.#tally.check(this.#named(name), found, expected);
  }

  /** Expects success, and a value that equals `expected` or that the predicate accepts; returns it. */
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

  /** Expects success, with any value. */
  succeeds(name, operation, given) {
    return this.value(name, operation, given, () => true);
  }

  /**
   * Expects that the client reports an error of the server, as far as the client does: its `status`, its
   * `code`, the codes of its `chain`, and a part of its message, `says`.
   */
  async fails(name, operation, given, error) {
    const found = await this.#adapter.run(operation, given);
    const expected = this.client.errors(error, operation);
    const same = isDeepStrictEqual(comparable(found, expected), expected);
    this.#tally.check(this.#named(name), same ? expected : found, expected);
  }

  #named(name) {
    return `${this.client.name} ${this.client.version}: ${name}`;
  }
}

/** Returns an outcome whose message is replaced by the expected part of it. */
function comparable(found, expected) {
  if (found.error === undefined) return found;
  const { message, ...error } = found.error;
  const says = expected.error?.says;
  const isSaid = says !== undefined && message?.includes(says);
  return { error: isSaid ? { ...error, says } : error };
}
