// Test Worker: the documentation's examples, and single calls of a binding.

import { flag } from "./flags.mjs";
import { perform } from "./operations.mjs";
import { limited } from "./rate_limiter.mjs";
import { session } from "./session.mjs";

const ROUTES = { "/session": session, "/flag": flag, "/limited": limited, "/operation": perform };

export default {
  async fetch(request, env) {
    const route = ROUTES[new URL(request.url).pathname];
    return route ? route(request, env) : new Response("no such route", { status: 404 });
  },
};
