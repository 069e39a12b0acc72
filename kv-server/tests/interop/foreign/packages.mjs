// Packages of the clients, each at one exact version. As a program, prints those of `npm` or `python` for
// install.sh, a line per package or per virtual environment. The version of OpenDAL, a crate, is that in
// Cargo.lock.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Packages for npm by their folder in node_modules, since several versions of one package are installed. */
const NPM = {
  "cloudflare-3": "cloudflare@3.5.0",
  "cloudflare-4": "cloudflare@4.5.0",
  "cloudflare-5": "cloudflare@5.2.0",
  "cloudflare-6": "cloudflare@6.5.0",
  "cloudflare-7": "cloudflare@7.3.0",
  unstorage: "unstorage@1.17.6",
  keyv: "keyv@6.1.0",
  "@keyv/cloudflare-kv": "@keyv/cloudflare-kv@6.0.0-rc.1",
  "@sagi.io/workers-kv": "@sagi.io/workers-kv@0.0.13",
  // A dependency of @sagi.io/workers-kv that its manifest omits.
  debug: "debug@4.4.3",
  "@kikobeats/cloudflare-workers-kv": "@kikobeats/cloudflare-workers-kv@1.0.11",
  "cloudflare-kv-storage-rest": "cloudflare-kv-storage-rest@1.1.1",
  "remote-cloudflare-kv": "remote-cloudflare-kv@1.0.1",
};

/** Packages for pip by virtual environment. */
const PYTHON = {
  "cloudflare-2": ["cloudflare==2.20.0"],
  "cloudflare-3": ["cloudflare==3.1.1"],
  "cloudflare-4": ["cloudflare==4.3.1"],
  "cloudflare-5": ["cloudflare==5.9.0"],
  small: [
    "cfkv==1.1.2",
    "cloudflarekv==0.1.0",
    "cloudlare-kv==1.0.2",
    "python-workers-kv==0.2",
    "workers-kv.py==1.2.2",
  ],
};

/** Returns the version of the package in a folder of node_modules. */
export function npmVersion(folder) {
  return NPM[folder].slice(NPM[folder].lastIndexOf("@") + 1);
}

/** Returns the version of a package in a virtual environment. */
export function pythonVersion(environment, name = "cloudflare") {
  const prefix = `${name}==`;
  return PYTHON[environment].find((spec) => spec.startsWith(prefix)).slice(prefix.length);
}

/** Returns the version of a crate in Cargo.lock. */
export function crateVersion(name) {
  const lock = readFileSync(join(import.meta.dirname, "../../../../Cargo.lock"), "utf8");
  return new RegExp(`^name = "${name}"\nversion = "(.*)"$`, "m").exec(lock)[1];
}

const lists = {
  npm: Object.entries(NPM).map(([folder, spec]) => `${folder}@npm:${spec}`),
  python: Object.entries(PYTHON).map(([environment, specs]) => [environment, ...specs].join(" ")),
};
if (process.argv[1] === import.meta.filename) console.log(lists[process.argv[2]].join("\n"));
