// Replay of the vectors recorded on Cloudflare's own runtime (kv-testkit/vectors), through the binding:
// outcomes are compared with the recorded ones, messages included.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { seconds } from "../clock.mjs";
import { Tally } from "../tally.mjs";

const VECTORS = join(import.meta.dirname, "../../../../kv-testkit/vectors/workerd-matrix.ndjson");

/** Time of the recorded clock from line 215 on; the server's clock has the real time. */
const RECORDED_NOW = 1000;
const FIRST_TIMED_LINE = 215;
const MAX_INT32 = 2 ** 31 - 1;
const MAX_ATTEMPTS = 20;

const SKIPPED = [
  ["changes the recorded clock, or depends on it", [215, 300, 303, 304, 305, 306, 307, 310, 311]],
  ["the recorded server has a test limit of 1,024 bytes per value", [330, 332, 334, 390]],
  ["the recorded server accepts any text as a cursor; kv-server accepts only its own", [366, 367, 369]],
  ["the recorded server loses the key __proto__; kv-server does not", [387]],
];

export async function checkVectors(runtime) {
  const tally = new Tally("workerd", "recorded vectors", 375);
  const lines = readFileSync(VECTORS, "utf8").trimEnd().split("\n");
  // Seconds from the recorded clock to the time of the last put.
  let storedShift = 0;
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    const name = `line ${line}: ${text.slice(0, 120)}`;
    const reason = SKIPPED.find(([, skipped]) => skipped.includes(line))?.[0];
    if (reason) {
      tally.skip(name, reason);
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
 * Performs a recorded put, and returns its outcome and the seconds from the recorded clock to that of the
 * put. Retries if the put may have been in either of two seconds.
 */
async function performWithinSecond(runtime, op) {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const now = await startOfSecond();
    const shift = now - RECORDED_NOW;
    const found = await performOn(runtime, { ...op, options: shifted(op.options, shift) });
    if (seconds() === now) return { found, shift };
  }
  throw new Error(`a put took more than a second, ${MAX_ATTEMPTS} times`);
}

/** Waits for the first 0.7 s of a second, and returns it. */
async function startOfSecond() {
  const left = 1000 - (Date.now() % 1000);
  if (left < 300) await new Promise((resolve) => setTimeout(resolve, left + 5));
  return seconds();
}

/** Moves an expiration near the recorded time to the real one. */
function shifted(options, shift) {
  const isNear = options?.expiration >= RECORDED_NOW && options.expiration < MAX_INT32;
  return isNear ? { ...options, expiration: options.expiration + shift } : options;
}

/** Moves times back to the recorded ones, and replaces the cursor, whose form each server chooses. */
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
