// Child processes, which are killed when this process ends.

import { spawn } from "node:child_process";

const running = new Set();

/** Starts a program in a process group of its own, so that its child processes can be stopped with it. */
export function start(program, args, options) {
  const child = spawn(program, args, { ...options, detached: true });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/** Kills a child's process group, unless the child has ended. */
export function stop(child) {
  // After its end, another process may have its id.
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
