// Process of workerd that runs the test Worker, whose bindings lead to the server under test.

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { server } from "../account.mjs";
import { start, stop } from "../children.mjs";

const HERE = import.meta.dirname;
const { INTEROP_CLIENTS, INTEROP_WORK } = process.env;

export class Runtime {
  #child;
  #url;

  /** Starts workerd; `names` are values for the placeholders of its configuration. */
  static async start(names) {
    const executable = createRequire(join(INTEROP_CLIENTS, "package.json"))("workerd").default;
    const config = join(INTEROP_WORK, "workerd.capnp");
    cpSync(join(HERE, "worker"), join(INTEROP_WORK, "worker"), { recursive: true });
    writeFileSync(config, configuration(names));
    const runtime = new Runtime();
    runtime.#child = start(executable, ["serve", config, "--control-fd=3"], {
      stdio: ["ignore", "inherit", "inherit", "pipe"],
    });
    const ended = new Promise((_, reject) => {
      runtime.#child.once("error", reject);
      runtime.#child.once("exit", (code) => reject(new Error(`workerd ended with code ${code}`)));
    });
    // The promise is also rejected when workerd is stopped, when nothing awaits it any more.
    ended.catch(() => {});
    runtime.#url = await Promise.race([listening(runtime.#child.stdio[3]), ended]);
    return runtime;
  }

  /** Sends a request to the Worker. */
  fetch(path, init) {
    return fetch(`${this.#url}${path}`, init);
  }

  /** Calls a binding, and returns the outcome. */
  async perform(operation) {
    const response = await this.fetch("/operation", { method: "POST", body: JSON.stringify(operation) });
    const text = await response.text();
    if (!response.ok) throw new Error(`the Worker failed: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  stop() {
    stop(this.#child);
  }
}

function configuration(names) {
  const values = { ADDRESS: new URL(server.url).host, TOKEN: server.token, ...names };
  const template = readFileSync(join(HERE, "workerd.capnp"), "utf8");
  return template.replace(/@([A-Z_]+)@/g, (placeholder, name) => values[name] ?? placeholder);
}

/** Reads the port from workerd's control pipe, and returns the Worker's URL. */
async function listening(control) {
  for await (const line of createInterface({ input: control })) {
    const message = JSON.parse(line);
    if (message.event === "listen" && message.socket === "http") return `http://127.0.0.1:${message.port}`;
  }
  throw new Error("workerd closed its control pipe before it listened");
}
