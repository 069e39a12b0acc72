// Cache of wrangler's compiled code: with it, a command starts in two thirds of the time. Node has such a
// cache only since version 22 (NODE_COMPILE_CACHE).

const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { basename, dirname, join } = require("node:path");
const vm = require("node:vm");

const FOLDER = process.env.INTEROP_CODE_CACHE;
/** In characters; compiling a shorter module costs less than reading the cache. */
const MIN_LENGTH = 1_000_000;

const compile = Module.prototype._compile;

Module.prototype._compile = function (source, filename) {
  if (source.length < MIN_LENGTH) return compile.call(this, source, filename);
  const path = join(FOLDER, `${basename(filename)}-${source.length}`);
  const cachedData = read(path);
  // V8 rejects a cache of other source or of another V8, and compiles.
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

/** Writes the cache by a rename, since other commands read it at the same time. */
function write(path, script) {
  mkdirSync(FOLDER, { recursive: true });
  const staging = `${path}.${process.pid}`;
  writeFileSync(staging, script.createCachedData());
  renameSync(staging, path);
}
