// Files and folders, which a client makes of keys by metadata of its own.

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
  // The leading slash of what it asks for is dropped, the one at the end is not.
  driver.check(
    "stored folders",
    (await stored()).filter((name) => name.endsWith("/")),
    ["logs/", "logs/2026/", "logs/2026/empty/"],
  );
  await checkFolderListings(driver, namespace);
  const key = "logs/2026/empty/";
  await driver.value("stat a folder", "stat", { namespace, key }, ({ isFolder }) => isFolder);
  await driver.refused(
    "stat of what is absent",
    "stat",
    { namespace, key: "logs/none" },
    { status: 404, code: 10009 },
  );
  const gone = { namespace, keys: FILES.slice(0, 2) };
  await driver.succeeds("delete files", "bulkRemove", gone);
  await driver.value("stat of what is deleted", "has", { namespace, key: FILES[0] }, false);
  await driver.succeeds("delete a folder and what is in it", "removeAll", { namespace, key: "many/" });
  driver.check(
    "left of a folder",
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
  await list("list of a folder", { prefix: "many/" }, many);
  await list("list of a folder by pages of 10", { prefix: "many/", limit: 10 }, many);
  await list("list of a folder's own", { prefix: "logs/" }, ["logs/", "logs/2026/"]);
  await list("list of all of a folder", { prefix: "logs/", isRecursive: true }, [
    "logs/",
    "logs/2024/app é.log",
    "logs/2025/a?b#c%.log",
    "logs/2026/",
    "logs/2026/empty/",
  ]);
}
