// Checks of the server under test through a KV binding in workerd.

import { createNamespace } from "./account.mjs";
import { checkBinding } from "./workerd/binding.mjs";
import { checkExamples } from "./workerd/examples.mjs";
import { Runtime } from "./workerd/runtime.mjs";
import { report } from "./tally.mjs";
import { checkVectors } from "./workerd/vectors.mjs";

// Not ASCII, to check that the server reads the header as UTF-8.
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
