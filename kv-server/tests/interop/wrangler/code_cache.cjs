// Keeps what V8 compiled of wrangler for the next command, which then starts in two thirds of the time. Later versions of
// node could do so themselves (NODE_COMPILE_CACHE), version 20 can not.

const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { basename, dirname, join } = require("node:path");
const vm = require("node:vm");

const FOLDER = process.env.INTEROP_CODE_CACHE;
/** Characters; compiling a shorter module costs less than looking for it. */
const MIN_LENGTH = 1_000_000;

const compile = Module.prototype._compile;

Module.prototype._compile = function (source, filename) {
  if (source.length < MIN_LENGTH) return compile.call(this, source, filename);
  const path = join(FOLDER, `${basename(filename)}-${source.length}`);
  const cachedData = read(path);
  // V8 refuses a cache of other source or another V8, and compiles.
  const script = new vm.Script(Module.wrap(source), {
    filename,
    cachedData,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (cachedData === undefined) process.once("exit", () => write(path, script));
  const wrapper = script.runInThisContext();
  const require = Module.createRequire(filename);
  return wrapper.call(this.exports, this.exports, require, this, filename, dirname(filename));
};

function read(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** In one step: other commands read it at the same time. */
function write(path, script) {
  mkdirSync(FOLDER, { recursive: true });
  const staging = `${path}.${process.pid}`;
  writeFileSync(staging, script.createCachedData());
  renameSync(staging, path);
}
