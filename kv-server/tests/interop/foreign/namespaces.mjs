// Checks of namespaces: creating, listing, renaming, deleting, and errors.

const UNKNOWN_ID = "0".repeat(32);
const NOT_FOUND = { status: 404, code: 10013, says: "namespace not found" };
const MALFORMED = { status: 400, code: 10011, says: "could not parse UUID from request's namespace_id" };

/** `title` is that of the namespace for all other checks. */
export async function checkNamespaces(driver, title) {
  if (driver.does("listNamespaces")) {
    const isListed = (found) => found.filter((namespace) => namespace.title === title).length === 1;
    await driver.value("list namespaces", "listNamespaces", { perPage: 100 }, isListed);
  }
  if (driver.does("createNamespace")) await checkCreated(driver);
}

async function checkCreated(driver) {
  const { name, version } = driver.client;
  const titles = ["a/b c", "größe 😀", "z%2F+"].map((title) => `${name} ${version} ${title}`);
  const created = [];
  for (const title of titles) {
    const isCreated = (found) => found.title === title && /^[0-9a-f]{32}$/.test(found.id);
    const found = await driver.value(`create ${JSON.stringify(title)}`, "createNamespace", { title }, isCreated);
    created.push(found?.id);
  }
  const [namespace] = created;
  if (driver.does("jurisdiction")) await checkJurisdiction(driver, `${titles[0]} in the EU`);
  const own = (found) => found.map(({ title }) => title).filter((title) => titles.includes(title));
  const areListed = (found) => own(found).toSorted().join() === titles.join();
  await driver.value("list namespaces by pages of 2", "listNamespaces", { perPage: 2 }, areListed);
  if (driver.does("getNamespace")) await checkRename(driver, namespace, titles);
  for (const id of created) await driver.succeeds("delete a namespace", "deleteNamespace", { namespace: id });
  const areGone = (found) => own(found).length === 0;
  await driver.value("list namespaces after deleting", "listNamespaces", { perPage: 1000 }, areGone);
  if (driver.does("nowhere")) {
    const noRoute = { status: 400, code: 7000, says: "No route for that URI" };
    await driver.fails("a path without an endpoint", "nowhere", {}, noRoute);
  }
  if (!driver.does("getNamespace")) return;
  await driver.fails("get a deleted namespace", "getNamespace", { namespace }, NOT_FOUND);
  await driver.fails("delete it again", "deleteNamespace", { namespace }, NOT_FOUND);
}

async function checkJurisdiction(driver, title) {
  const isInEu = (found) => found.jurisdiction === "eu";
  const given = { title, jurisdiction: "eu" };
  const created = await driver.value("create a namespace in a jurisdiction", "createNamespace", given, isInEu);
  const namespace = created?.id;
  await driver.value("get a namespace in a jurisdiction", "getNamespace", { namespace }, isInEu);
  await driver.succeeds("delete a namespace in a jurisdiction", "deleteNamespace", { namespace });
}

async function checkRename(driver, namespace, [title, other]) {
  const named = (wanted) => (found) => found.title === wanted && found.id === namespace;
  await driver.value("get a namespace", "getNamespace", { namespace }, named(title));
  const renamed = `${title}, renamed`;
  const rename = (title) => ({ namespace, title });
  await driver.value("rename a namespace", "renameNamespace", rename(renamed), named(renamed));
  await driver.value("get it after renaming", "getNamespace", { namespace }, named(renamed));
  const exists = { status: 400, code: 10014, says: "already exists" };
  await driver.fails("rename to a title in use", "renameNamespace", rename(other), exists);
  await driver.fails("create with a title in use", "createNamespace", { title: other }, exists);
  await driver.fails(
    "create without a title",
    "createNamespace",
    { title: "" },
    { status: 400, code: 10019 },
  );
  await driver.succeeds("rename back", "renameNamespace", rename(title));
}

/** Checks the errors for an unknown id and for malformed ids, by each of the client's operations. */
export async function checkMissingNamespaces(driver) {
  const value = Buffer.from("v").toString("base64");
  const operations = {
    get: { key: "k" },
    put: { key: "k", value },
    remove: { key: "k" },
    metadata: { key: "k" },
    has: { key: "k" },
    list: {},
    page: {},
    bulkPut: { pairs: [{ key: "k", value: "v" }] },
    bulkGet: { keys: ["k"], type: "text" },
    bulkRemove: { keys: ["k"] },
    getNamespace: {},
    renameNamespace: { title: "x" },
    deleteNamespace: {},
  };
  for (const [operation, given] of Object.entries(operations)) {
    if (!driver.does(operation)) continue;
    await driver.fails(
      `${operation} in an unknown namespace`,
      operation,
      { namespace: UNKNOWN_ID, ...given },
      NOT_FOUND,
    );
    for (const namespace of ["not-an-id", UNKNOWN_ID.slice(1), `${UNKNOWN_ID.slice(1)}g`]) {
      const name = `${operation} in namespace ${namespace}`;
      await driver.fails(name, operation, { namespace, ...given }, MALFORMED);
    }
  }
}
