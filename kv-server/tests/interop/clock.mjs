// Time in the service's unit.

/** Returns whole seconds since the UNIX epoch. */
export function seconds() {
  return Math.floor(Date.now() / 1000);
}
