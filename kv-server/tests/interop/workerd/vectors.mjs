// Plays the vectors that were recorded on Cloudflare's own stack (kv-testkit/vectors) through the binding, and holds the
// server's answers against the recorded ones, messages included.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { seconds } from "../clock.mjs";
import { Tally } from "../tally.mjs";

const VECTORS = join(import.meta.dirname, "../../../../kv-testkit/vectors/workerd-matrix.ndjson");

/** What the recorded clock showed from line 215 on; the server's shows the real time. */
const RECORDED_NOW = 1000;
const FIRST_TIMED_LINE = 215;
const MAX_INT32 = 2 ** 31 - 1;
const MAX_ATTEMPTS = 20;

const SET_ASIDE = [
  ["it moves the recorded clock, or rests on that", [215, 300, 303, 304, 305, 306, 307, 310, 311]],
  ["the recorded server's test limit of 1,024 bytes a value", [330, 332, 334, 390]],
  ["the recorded server takes any text for a cursor; this one refuses what no listing gave", [366, 367, 369]],
  ["the recorded server loses the key __proto__; this one does not", [387]],
];

export async function checkVectors(runtime) {
  const tally = new Tally("workerd", "the recorded vectors", 375);
  const lines = readFileSync(VECTORS, "utf8").trimEnd().split("\n");
  // From the recorded clock to the one by which what is stored was put, in seconds.
  let storedShift = 0;
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    const name = `line ${line}: ${text.slice(0, 120)}`;
    const reason = SET_ASIDE.find(([, setAside]) => setAside.includes(line))?.[0];
    if (reason) {
      tally.setAside(name, reason);
      continue;
    }
    const { op, ...recorded } = JSON.parse(text);
    const isTimed = line >= FIRST_TIMED_LINE && op.op === "put";
    const outcome = isTimed
      ? await performWithinSecond(runtime, op)
      : { found: await performOn(runtime, op), shift: storedShift };
    if (outcome.found.ok) storedShift = outcome.shift;
    tally.check(name, normalized(outcome.found, recorded, outcome.shift), withoutCursor(recorded));
  }
  return tally;
}

function performOn(runtime, op) {
  return runtime.perform({ ...op, binding: "VECTORS" });
}

/**
 * The outcome of a recorded put, and the seconds from the recorded clock to the one by which the server took it. If the
 * next second came meanwhile, which of the two it was is not known, and the put is performed again.
 */
async function performWithinSecond(runtime, op) {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const now = await startOfSecond();
    const shift = now - RECORDED_NOW;
    const found = await performOn(runtime, { ...op, options: shifted(op.options, shift) });
    if (seconds() === now) return { found, shift };
  }
  throw new Error(`the server did not take a put within a second, ${MAX_ATTEMPTS} times`);
}

/** The time in seconds, early in one. */
async function startOfSecond() {
  const left = 1000 - (Date.now() % 1000);
  if (left < 300) await new Promise((resolve) => setTimeout(resolve, left + 5));
  return seconds();
}

/** Deadlines near the recorded time are taken to the real one. */
function shifted(options, shift) {
  const isNear = options?.expiration >= RECORDED_NOW && options.expiration < MAX_INT32;
  return isNear ? { ...options, expiration: options.expiration + shift } : options;
}

/** Times are taken back to the recorded ones; which cursor it is is each server's own affair. */
function normalized(found, recorded, shift) {
  if (found.error) {
    const message = found.error.message.replace(
      /(expiration of )(\d{9,})/,
      (_, text, seconds) => text + (seconds - shift),
    );
    return { error: { ...found.error, message } };
  }
  const expected = recorded.ok?.keys?.[0]?.expiration;
  const [key, ...others] = found.ok?.keys ?? [];
  if (expected === undefined || key?.expiration === undefined || key.expiration === expected)
    return withoutCursor(found);
  const keys = [{ ...key, expiration: key.expiration - shift }, ...others];
  return withoutCursor({ ok: { ...found.ok, keys } });
}

function withoutCursor(outcome) {
  return outcome.ok?.cursor ? { ok: { ...outcome.ok, cursor: "a cursor" } } : outcome;
}
