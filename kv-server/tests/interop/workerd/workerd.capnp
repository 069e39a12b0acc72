# Configuration of workerd for the test Worker. runtime.mjs fills in the @UPPER_CASE@ placeholders.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "by-title", external = (address = "@ADDRESS@", http = (injectRequestHeaders = [
      (name = "X-KV-Namespace", value = "@TITLE@"), (name = "Authorization", value = "Bearer @TOKEN@")]))),
    (name = "by-id", external = (address = "@ADDRESS@", http = (injectRequestHeaders = [
      (name = "X-KV-Namespace", value = "@ID@"), (name = "Authorization", value = "Bearer @TOKEN@")]))),
    (name = "vectors", external = (address = "@ADDRESS@", http = (injectRequestHeaders = [
      (name = "X-KV-Namespace", value = "@VECTORS_ID@"), (name = "Authorization", value = "Bearer @TOKEN@")]))),
    (name = "unknown", external = (address = "@ADDRESS@", http = (injectRequestHeaders = [
      (name = "X-KV-Namespace", value = "unknown"), (name = "Authorization", value = "Bearer @TOKEN@")]))),
    (name = "intruder", external = (address = "@ADDRESS@", http = (injectRequestHeaders = [
      (name = "X-KV-Namespace", value = "@TITLE@"), (name = "Authorization", value = "Bearer wrong")]))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")]
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker/worker.mjs"),
    (name = "flags.mjs", esModule = embed "worker/flags.mjs"),
    (name = "operations.mjs", esModule = embed "worker/operations.mjs"),
    (name = "rate_limiter.mjs", esModule = embed "worker/rate_limiter.mjs"),
    (name = "session.mjs", esModule = embed "worker/session.mjs"),
  ],
  bindings = [
    (name = "KV", kvNamespace = "by-title"),
    (name = "BY_ID", kvNamespace = "by-id"),
    (name = "VECTORS", kvNamespace = "vectors"),
    (name = "UNKNOWN", kvNamespace = "unknown"),
    (name = "INTRUDER", kvNamespace = "intruder"),
  ],
  compatibilityDate = "2026-04-01"
);
