// Drives the server under test with clients of others, each with what it can do of the same checks.

import { createNamespace, deleteNamespace, server } from "./account.mjs";
import { Adapter } from "./foreign/adapter.mjs";
import { checkBulk } from "./foreign/bulk.mjs";
import { clients } from "./foreign/clients.mjs";
import { checkCredentials } from "./foreign/credentials.mjs";
import { Driver } from "./foreign/driver.mjs";
import { checkEntries } from "./foreign/entries.mjs";
import { checkFolders } from "./foreign/folders.mjs";
import { checkKeys } from "./foreign/keys.mjs";
import { checkListings } from "./foreign/listings.mjs";
import { checkNamespaces, checkOtherNamespaces } from "./foreign/namespaces.mjs";
import { Tally, report } from "./tally.mjs";

async function run(client, adapter) {
  const tally = new Tally(client.name, "all its operations", client.checks, client.version);
  try {
    await runAll(new Driver(tally, client, adapter), client);
  } catch (error) {
    // The checks that are missing then make it fail.
    console.log(`differ  ${client.name} ${client.version}: ${error.stack}`);
  }
  return tally;
}

async function runAll(driver, client) {
  const title = `of ${client.name} ${client.version}`;
  const namespace = await createNamespace(title);
  const credentials = { token: server.token ?? "any" };
  await driver.succeeds("connect", "connect", { url: server.url, account: server.accountId, credentials });
  await checkNamespaces(driver, title);
  await checkOtherNamespaces(driver);
  await checkKeys(driver, namespace);
  await checkEntries(driver, namespace);
  if (driver.does("folders")) await checkFolders(driver, namespace);
  else await checkListings(driver, namespace);
  await checkBulk(driver, namespace);
  await checkCredentials(driver, namespace);
  await deleteNamespace(namespace);
}

// The next one starts while one is at work.
const only = process.env.KV_SERVER_INTEROP_ONLY ?? "";
const chosen = clients.filter(({ name, version }) => `${name} ${version}`.includes(only));
const tallies = [];
let next = chosen.length > 0 ? new Adapter(chosen[0].command) : undefined;
for (const [index, client] of chosen.entries()) {
  const adapter = next;
  next = index + 1 < chosen.length ? new Adapter(chosen[index + 1].command) : undefined;
  tallies.push(await run(client, adapter));
  adapter.stop();
}
report(tallies);
