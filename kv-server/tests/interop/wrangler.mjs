// Checks of the server under test with wrangler, through CLOUDFLARE_API_BASE_URL.

import { createNamespace } from "./account.mjs";
import { Tally, report } from "./tally.mjs";
import { checkBulk } from "./wrangler/bulk.mjs";
import { Client } from "./wrangler/client.mjs";
import { checkErrors } from "./wrangler/errors.mjs";
import { checkKeyOptions, checkOddKeys, checkValues } from "./wrangler/keys.mjs";
import { checkNamespaces } from "./wrangler/namespaces.mjs";

const run = async (title, planned, check, ...more) => {
  const tally = new Tally("wrangler", title, planned);
  await check(new Client(tally), ...more);
  return tally;
};

// Each part but the first has a namespace of its own, since they run concurrently; the first lists all
// namespaces.
const titles = ["bulk", "errors", "key options", "odd keys", "values"];
const others = [];
for (const title of titles) others.push({ id: await createNamespace(title), title });
const [bulk, errors, options, oddKeys, values] = others.map(({ id }) => id);
report(
  await Promise.all([
    run("kv namespace", 17, checkNamespaces, others),
    run("kv bulk", 29, checkBulk, bulk),
    run("kv key, options", 17, checkKeyOptions, options),
    run("kv key, odd keys", 39, checkOddKeys, oddKeys),
    run("kv key, values", 21, checkValues, values),
    run("errors", 17, checkErrors, errors),
  ]),
);
