// The foreign clients, each at one exact version; printed for the script that installs them: `npm`, or `python`, one line for
// each virtual environment. OpenDAL, which is a crate, has its version from the workspace.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Folder under node_modules, and what npm installs there. Several versions of one package live side by side. */
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
  // It asks for this one and does not say so.
  debug: "debug@4.4.3",
  "@kikobeats/cloudflare-workers-kv": "@kikobeats/cloudflare-workers-kv@1.0.11",
  "cloudflare-kv-storage-rest": "cloudflare-kv-storage-rest@1.1.1",
  "remote-cloudflare-kv": "remote-cloudflare-kv@1.0.1",
};

/** Virtual environment, and what pip installs there. */
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

/** The version of what npm installs in a folder. */
export function npmVersion(folder) {
  return NPM[folder].slice(NPM[folder].lastIndexOf("@") + 1);
}

/** The version of what pip installs in a virtual environment. */
export function pythonVersion(environment, name = "cloudflare") {
  const prefix = `${name}==`;
  return PYTHON[environment].find((spec) => spec.startsWith(prefix)).slice(prefix.length);
}

/** The version of a crate that the workspace's lock file holds. */
export function crateVersion(name) {
  const lock = readFileSync(join(import.meta.dirname, "../../../../Cargo.lock"), "utf8");
  return new RegExp(`^name = "${name}"\nversion = "(.*)"$`, "m").exec(lock)[1];
}

const lists = {
  npm: Object.entries(NPM).map(([folder, spec]) => `${folder}@npm:${spec}`),
  python: Object.entries(PYTHON).map(([environment, specs]) => [environment, ...specs].join(" ")),
};
if (process.argv[1] === import.meta.filename) console.log(lists[process.argv[2]].join("\n"));
