// Checks of listings: all keys, by prefix, by pages.

import { keys, removeKeys, writeKeys } from "../account.mjs";

const METADATA = { a: 1 };
const LATE = 2_147_000_000;

/** Returns more than two pages of ten pairs, some with metadata, an expiry, or a prefix to be escaped. */
function entries(value) {
  const many = Array.from({ length: 21 }, (_, index) => ({
    key: `many:${String(index).padStart(2, "0")}`,
    value,
  }));
  return [
    ...many,
    { key: "more:é &+", value, metadata: METADATA },
    { key: "more:é &+x", value, expiration: LATE },
  ];
}

function listed({ key, metadata, expiration }) {
  return { name: key, ...(metadata && { metadata }), ...(expiration && { expiration }) };
}

export async function checkListings(driver, namespace) {
  const written = entries(driver.client.text("v").stores);
  await writeKeys(namespace, written);
  const all = written.map(listed);
  if (driver.does("list")) await checkLists(driver, namespace, all);
  if (driver.does("page")) await checkPages(driver, namespace, all);
  await removeKeys(
    namespace,
    written.map(({ key }) => key),
  );
}

async function checkLists(driver, namespace, all) {
  const shown = (entries) => (driver.does("listsNames") ? entries.map(({ name }) => ({ name })) : entries);
  const many = all.filter(({ name }) => name.startsWith("many:"));
  const more = all.filter(({ name }) => name.startsWith("more:é &+"));
  if (driver.does("ownPrefix")) {
    // The client adds a prefix with a colon to each key, and may remove it from the keys that it lists.
    const names = many.map(({ name }) => ({ name: driver.client.ownName?.(name) ?? name }));
    await driver.value("list", "list", { namespace, prefix: "many" }, names);
    const clearsAll = driver.does("clearsAll");
    await driver.succeeds("clear", "clear", { namespace, ...(!clearsAll && { prefix: "many" }) });
    const left = (await keys(namespace)).map(({ name }) => name);
    driver.check("left by clear", left, clearsAll ? [] : more.map(({ name }) => name));
    return;
  }
  await driver.value("list", "list", { namespace }, shown(all));
  if (driver.does("prefix")) {
    await driver.value("list with a prefix", "list", { namespace, prefix: "many:" }, shown(many));
    await driver.value("list with an odd prefix", "list", { namespace, prefix: "more:é &+" }, shown(more));
    await driver.value("list with an unknown prefix", "list", { namespace, prefix: "unknown" }, []);
  }
  if (!driver.does("limit")) return;
  for (const limit of driver.client.limits ?? [1, 5, 9, 10]) {
    const expected = driver.does("stopsAtAPage") ? shown(all.slice(0, limit)) : shown(all);
    await driver.value(`list by pages of ${limit}`, "list", { namespace, limit }, expected);
  }
}

async function checkPages(driver, namespace, all) {
  const { limits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 23, 1000] } = driver.client;
  for (const limit of limits) {
    const found = [];
    let cursor;
    let pages = 0;
    do {
      const page = await driver.value(
        `page ${(pages += 1)} of ${limit}`,
        "page",
        { namespace, limit, cursor },
        (page) => page.keys.length === Math.min(limit, all.length - found.length),
      );
      found.push(...(page?.keys ?? []));
      cursor = page?.cursor;
    } while (cursor && pages <= all.length);
    driver.check(`all pages of ${limit}`, found, all);
  }
  if (!driver.does("anyLimit")) return;
  const badLimit = { status: 400, code: 10028 };
  await driver.fails("page of 1,001", "page", { namespace, limit: 1001 }, badLimit);
  await driver.fails("page of 0", "page", { namespace, limit: 0 }, badLimit);
  const badCursor = { status: 400, code: 10041 };
  await driver.fails("page with a malformed cursor", "page", { namespace, cursor: "false" }, badCursor);
  const other = await driver.value(
    "page with a prefix",
    "page",
    { namespace, prefix: "many:", limit: 3 },
    (page) => Boolean(page.cursor),
  );
  await driver.fails(
    "page with another prefix's cursor",
    "page",
    { namespace, prefix: "more:", cursor: other?.cursor },
    badCursor,
  );
}
