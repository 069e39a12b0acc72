// Child processes, none of which outlives this one.

import { spawn } from "node:child_process";

const running = new Set();

/** Starts a program in a process group of its own, so that it can be stopped together with what it starts. */
export function start(program, args, options) {
  const child = spawn(program, args, { ...options, detached: true });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

export function stop(child) {
  // Its number may be another's by now if it has ended.
  if (child.pid === undefined || !running.has(child)) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

process.on("exit", () => running.forEach(stop));
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
]) {
  process.once(signal, () => process.exit(code));
}
