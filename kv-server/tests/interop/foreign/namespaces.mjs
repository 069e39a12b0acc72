// Namespaces: created, listed, renamed, deleted.

const NOBODYS = "0".repeat(32);
const NOT_FOUND = { status: 404, code: 10013, says: "namespace not found" };
const MALFORMED = { status: 400, code: 10011, says: "could not parse UUID from request's namespace_id" };

/** `title` is the one of the namespace in which everything else is done. */
export async function checkNamespaces(driver, title) {
  if (driver.does("listNamespaces")) {
    const isListed = (found) => found.filter((namespace) => namespace.title === title).length === 1;
    await driver.value("list of namespaces", "listNamespaces", { perPage: 100 }, isListed);
  }
  if (driver.does("createNamespace")) await checkMade(driver);
}

async function checkMade(driver) {
  const { name, version } = driver.client;
  const titles = ["a/b c", "größe 😀", "z%2F+"].map((title) => `${name} ${version} ${title}`);
  const made = [];
  for (const title of titles) {
    const isMade = (found) => found.title === title && /^[0-9a-f]{32}$/.test(found.id);
    const found = await driver.value(`create ${JSON.stringify(title)}`, "createNamespace", { title }, isMade);
    made.push(found?.id);
  }
  const [namespace] = made;
  if (driver.does("jurisdiction")) await checkJurisdiction(driver, `${titles[0]} in the EU`);
  const own = (found) => found.map(({ title }) => title).filter((title) => titles.includes(title));
  const areListed = (found) => own(found).toSorted().join() === titles.join();
  await driver.value("list of namespaces, by pages of 2", "listNamespaces", { perPage: 2 }, areListed);
  if (driver.does("getNamespace")) await checkRename(driver, namespace, titles);
  for (const id of made) await driver.succeeds("delete a namespace", "deleteNamespace", { namespace: id });
  const areGone = (found) => own(found).length === 0;
  await driver.value("no namespace left", "listNamespaces", { perPage: 1000 }, areGone);
  if (driver.does("nowhere")) {
    const noRoute = { status: 400, code: 7000, says: "No route for that URI" };
    await driver.refused("a path that leads nowhere", "nowhere", {}, noRoute);
  }
  if (!driver.does("getNamespace")) return;
  await driver.refused("get a namespace that is deleted", "getNamespace", { namespace }, NOT_FOUND);
  await driver.refused("delete it again", "deleteNamespace", { namespace }, NOT_FOUND);
}

async function checkJurisdiction(driver, title) {
  const isThere = (found) => found.jurisdiction === "eu";
  const given = { title, jurisdiction: "eu" };
  const made = await driver.value("create in a jurisdiction", "createNamespace", given, isThere);
  const namespace = made?.id;
  await driver.value("get one in a jurisdiction", "getNamespace", { namespace }, isThere);
  await driver.succeeds("delete one in a jurisdiction", "deleteNamespace", { namespace });
}

async function checkRename(driver, namespace, [title, other]) {
  const named = (wanted) => (found) => found.title === wanted && found.id === namespace;
  await driver.value("get a namespace", "getNamespace", { namespace }, named(title));
  const renamed = `${title}, renamed`;
  const rename = (title) => ({ namespace, title });
  await driver.value("rename a namespace", "renameNamespace", rename(renamed), named(renamed));
  await driver.value("get it renamed", "getNamespace", { namespace }, named(renamed));
  const exists = { status: 400, code: 10014, says: "already exists" };
  await driver.refused("rename to another's title", "renameNamespace", rename(other), exists);
  await driver.refused("create another of the title", "createNamespace", { title: other }, exists);
  await driver.refused(
    "create without a title",
    "createNamespace",
    { title: "" },
    { status: 400, code: 10019 },
  );
  await driver.succeeds("rename back", "renameNamespace", rename(title));
}

/** Refusals of namespaces that are not there, and of ids that are not well formed, by every operation that the client has. */
export async function checkOtherNamespaces(driver) {
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
    await driver.refused(
      `${operation} of nobody's namespace`,
      operation,
      { namespace: NOBODYS, ...given },
      NOT_FOUND,
    );
    for (const namespace of ["not-an-id", NOBODYS.slice(1), `${NOBODYS.slice(1)}g`]) {
      const name = `${operation} of namespace ${namespace}`;
      await driver.refused(name, operation, { namespace, ...given }, MALFORMED);
    }
  }
}
