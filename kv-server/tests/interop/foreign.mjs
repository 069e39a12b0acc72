// Checks of the server under test with SDKs and third-party clients. Each runs those of the same checks that
// it supports.

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
import { checkNamespaces, checkMissingNamespaces } from "./foreign/namespaces.mjs";
import { Tally, report } from "./tally.mjs";

async function run(client, adapter) {
  const tally = new Tally(client.name, "all operations", client.checks, client.version);
  try {
    await runAll(new Driver(tally, client, adapter), client);
  } catch (error) {
    // The report fails, since checks are missing.
    console.log(`FAIL  ${client.name} ${client.version}: ${error.stack}`);
  }
  return tally;
}

async function runAll(driver, client) {
  const title = `${client.name} ${client.version}`;
  const namespace = await createNamespace(title);
  const credentials = { token: server.token ?? "any" };
  await driver.succeeds("connect", "connect", { url: server.url, account: server.accountId, credentials });
  await checkNamespaces(driver, title);
  await checkMissingNamespaces(driver);
  await checkKeys(driver, namespace);
  await checkEntries(driver, namespace);
  if (driver.does("folders")) await checkFolders(driver, namespace);
  else await checkListings(driver, namespace);
  await checkBulk(driver, namespace);
  await checkCredentials(driver, namespace);
  await deleteNamespace(namespace);
}

// The next client's adapter starts while a client is checked.
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
