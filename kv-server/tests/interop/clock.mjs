/** Whole seconds since the UNIX epoch, as the service counts them. */
export function seconds() {
  return Math.floor(Date.now() / 1000);
}
