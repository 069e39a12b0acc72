// Adapter of a client: a process of its own that carries out operations with it, one after the other.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { server } from "../account.mjs";
import { start, stop } from "../children.mjs";

const { INTEROP_NPM, INTEROP_OPENDAL, INTEROP_PYTHON, INTEROP_WORK, PATH } = process.env;
const PATIENCE_MS = 60_000;

/** The command that starts an adapter in a language. */
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
    // Away from any configuration of the user's.
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
    // Seen as the end of its lines.
    this.#child.stdin.on("error", () => {});
    this.#child.on("error", (error) => console.log(`${program}: ${error.message}`));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The outcome of an operation: its `value`, or the `error` that the client shows. */
  async run(operation, given) {
    this.#child.stdin.write(`${JSON.stringify({ operation, ...given })}\n`);
    const patience = setTimeout(() => stop(this.#child), PATIENCE_MS);
    const { value: line, done } = await this.#lines.next();
    clearTimeout(patience);
    return done ? { error: { class: "the adapter ended, or took too long" } } : JSON.parse(line);
  }

  stop() {
    stop(this.#child);
  }
}
