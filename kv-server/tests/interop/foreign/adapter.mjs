// Process of a client's adapter, which performs operations with the client one after the other.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { server } from "../account.mjs";
import { start, stop } from "../children.mjs";

const { INTEROP_NPM, INTEROP_OPENDAL, INTEROP_PYTHON, INTEROP_WORK, PATH } = process.env;
const TIMEOUT_MS = 60_000;

/** Commands that start an adapter, by its language. */
const COMMANDS = {
  node: (script, ...args) => [process.execPath, join(import.meta.dirname, "node", script), ...args],
  python: (environment, script, ...args) => [
    join(INTEROP_PYTHON, environment, "bin/python"),
    join(import.meta.dirname, "python", script),
    ...args,
  ],
  rust: () => [INTEROP_OPENDAL],
};

export class Adapter {
  #child;
  #lines;

  constructor([language, ...args]) {
    const [program, ...rest] = COMMANDS[language](...args);
    // Without the user's configuration.
    const home = join(INTEROP_WORK, "home");
    mkdirSync(home, { recursive: true });
    this.#child = start(program, rest, {
      cwd: home,
      env: {
        PATH,
        HOME: home,
        INTEROP_NPM,
        KV_SERVER_URL: server.url,
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONWARNINGS: "ignore",
      },
      stdio: ["pipe", "pipe", "inherit"],
    });
    // Such an error also ends the adapter's output, which is handled below.
    this.#child.stdin.on("error", () => {});
    this.#child.on("error", (error) => console.log(`${program}: ${error.message}`));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Performs an operation, and returns its `value`, or the `error` that the client reports. */
  async run(operation, given) {
    this.#child.stdin.write(`${JSON.stringify({ operation, ...given })}\n`);
    const timeout = setTimeout(() => stop(this.#child), TIMEOUT_MS);
    const { value: line, done } = await this.#lines.next();
    clearTimeout(timeout);
    return done ? { error: { class: "the adapter ended or timed out" } } : JSON.parse(line);
  }

  stop() {
    stop(this.#child);
  }
}
