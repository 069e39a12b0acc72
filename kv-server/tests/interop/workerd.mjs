// Drives the server under test through a KV binding in workerd.

import { createNamespace } from "./account.mjs";
import { checkBinding } from "./workerd/binding.mjs";
import { checkExamples } from "./workerd/examples.mjs";
import { Runtime } from "./workerd/runtime.mjs";
import { report } from "./tally.mjs";
import { checkVectors } from "./workerd/vectors.mjs";

// Beyond ASCII, so that the header's bytes are seen to be read as UTF-8.
const TITLE = "größe 😀";

const id = await createNamespace(TITLE);
const runtime = await Runtime.start({ TITLE, ID: id, VECTORS_ID: await createNamespace("vectors") });
try {
  report([
    await checkExamples(runtime),
    await checkVectors(runtime),
    await checkBinding(runtime, { id, title: TITLE }),
  ]);
} finally {
  runtime.stop();
}
