// workerd with the Worker under test in it, whose bindings lead to the server under test.

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

  /** Starts it; `names` fill in the configuration's places. */
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
    // It ends with an error when it is stopped, too, and then nobody waits.
    ended.catch(() => {});
    runtime.#url = await Promise.race([listening(runtime.#child.stdio[3]), ended]);
    return runtime;
  }

  /** A request to the Worker. */
  fetch(path, init) {
    return fetch(`${this.#url}${path}`, init);
  }

  /** The outcome of one call of a binding. */
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
  const places = { ADDRESS: new URL(server.url).host, TOKEN: server.token, ...names };
  const template = readFileSync(join(HERE, "workerd.capnp"), "utf8");
  return template.replace(/@([A-Z_]+)@/g, (place, name) => places[name] ?? place);
}

/** workerd says on a pipe of its own which port it was given. */
async function listening(control) {
  for await (const line of createInterface({ input: control })) {
    const message = JSON.parse(line);
    if (message.event === "listen" && message.socket === "http") return `http://127.0.0.1:${message.port}`;
  }
  throw new Error("workerd closed its control pipe before it listened");
}
