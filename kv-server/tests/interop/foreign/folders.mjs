// Checks of files and folders, which a client keeps as keys with metadata of its own.

import { keys } from "../account.mjs";
import { toBase64 } from "./keys.mjs";

const FILES = [
  "logs/2024/app é.log",
  "logs/2025/a?b#c%.log",
  ...Array.from({ length: 21 }, (_, index) => `many/${String(index).padStart(2, "0")}`),
];

export async function checkFolders(driver, namespace) {
  const stored = async () => (await keys(namespace)).map(({ name }) => name);
  for (const key of FILES)
    await driver.succeeds(`put ${key}`, "put", { namespace, key, value: toBase64(key) });
  driver.check("stored files", await stored(), FILES.toSorted());
  for (const key of FILES.slice(0, 2)) {
    const length = Buffer.byteLength(key);
    await driver.value(`stat ${key}`, "stat", { namespace, key }, { isFolder: false, length });
  }
  await driver.succeeds("create a folder", "createFolder", { namespace, key: "logs/2026/empty/" });
  // The client sends a leading slash, which the server drops, and one at the end, which it keeps.
  driver.check(
    "stored folders",
    (await stored()).filter((name) => name.endsWith("/")),
    ["logs/", "logs/2026/", "logs/2026/empty/"],
  );
  await checkFolderListings(driver, namespace);
  const key = "logs/2026/empty/";
  await driver.value("stat a folder", "stat", { namespace, key }, ({ isFolder }) => isFolder);
  await driver.fails(
    "stat an absent file",
    "stat",
    { namespace, key: "logs/absent" },
    { status: 404, code: 10009 },
  );
  const deleted = { namespace, keys: FILES.slice(0, 2) };
  await driver.succeeds("delete files", "bulkRemove", deleted);
  await driver.value("has a deleted file", "has", { namespace, key: FILES[0] }, false);
  await driver.succeeds("delete a folder with its contents", "removeAll", { namespace, key: "many/" });
  driver.check(
    "left in a folder",
    (await stored()).filter((name) => name.startsWith("many/")),
    [],
  );
}

async function checkFolderListings(driver, namespace) {
  const found = (expected) => (entries) =>
    entries
      .map(({ name }) => name)
      .toSorted()
      .join("\n") === expected.toSorted().join("\n");
  const list = (name, given, expected) =>
    driver.value(name, "list", { namespace, ...given }, found(expected));
  const many = FILES.filter((name) => name.startsWith("many/"));
  await list("list a folder", { prefix: "many/" }, many);
  await list("list a folder by pages of 10", { prefix: "many/", limit: 10 }, many);
  await list("list the entries of a folder", { prefix: "logs/" }, ["logs/", "logs/2026/"]);
  await list("list a folder recursively", { prefix: "logs/", isRecursive: true }, [
    "logs/",
    "logs/2024/app é.log",
    "logs/2025/a?b#c%.log",
    "logs/2026/",
    "logs/2026/empty/",
  ]);
}
