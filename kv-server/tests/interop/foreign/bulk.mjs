// Checks of bulk calls.

import { keys, removeKeys } from "../account.mjs";

const LATE = 2_147_000_000;
const MANY = 250;

export async function checkBulk(driver, namespace) {
  const ending = driver.does("asciiValues") ? "e" : "é";
  const pairs = Array.from({ length: MANY }, (_, index) => ({
    key: `bulk/${index} ${ending}`,
    value: `value ${index}`,
  }));
  const names = pairs.map(({ key }) => key);
  const listed = async () => (await keys(namespace)).map(({ name }) => name);
  const isWhole = (count) => (report) =>
    driver.does("reports")
      ? report.successful_key_count === count && report.unsuccessful_keys.length === 0
      : report !== false;
  if (driver.does("bulkPut")) {
    await driver.value("bulk put", "bulkPut", { namespace, pairs }, isWhole(MANY));
    driver.check("stored by bulk put", await listed(), names.toSorted());
  }
  if (driver.does("putMany")) await checkMany(driver, namespace);
  if (driver.does("bulkPut", "pairOptions")) await checkOptions(driver, namespace);
  if (driver.does("bulkGet")) await checkGet(driver, namespace, pairs);
  if (driver.does("bulkPut", "bulkRemove")) {
    const given = { namespace, keys: [...names, "absent"] };
    await driver.value("bulk delete", "bulkRemove", given, isWhole(MANY + 1));
    driver.check("left by bulk delete", await listed(), []);
  } else {
    await removeKeys(namespace, names);
  }
}

async function checkOptions(driver, namespace) {
  const pairs = [
    { key: "options/base64", value: "AP8=", base64: true },
    { key: "options/expiration", value: "v", expiration: LATE },
    { key: "options/metadata", value: "v", metadata: { a: [1, "é"] } },
  ];
  await driver.succeeds("bulk put with options", "bulkPut", { namespace, pairs });
  const found = (await keys(namespace)).filter(({ name }) => name.startsWith("options/"));
  driver.check("stored with options", found, [
    { name: "options/base64" },
    { name: "options/expiration", expiration: LATE },
    { name: "options/metadata", metadata: { a: [1, "é"] } },
  ]);
  const bad = [{ key: "options/ttl", value: "v", expiration_ttl: 1 }];
  await driver.fails(
    "bulk put with a TTL of 1 s",
    "bulkPut",
    { namespace, pairs: bad },
    { status: 400, code: 10034 },
  );
  await removeKeys(
    namespace,
    pairs.map(({ key }) => key),
  );
}

/** Checks a client's calls for many keys, each of which sends a request per key. */
async function checkMany(driver, namespace) {
  const pairs = Array.from({ length: 20 }, (_, index) => ({ key: `many/${index}`, value: `value ${index}` }));
  const names = pairs.map(({ key }) => key);
  const stored = async () => (await keys(namespace)).map(({ name }) => name);
  const are = (expected) => (found) =>
    found.length === pairs.length && found.every((one) => one === expected);
  await driver.value("put many", "putMany", { namespace, pairs }, are(true));
  driver.check("stored by put many", await stored(), names.toSorted());
  const given = { namespace, keys: [names[3], "absent", names[1]] };
  await driver.value("get many", "getMany", given, [pairs[3].value, null, pairs[1].value]);
  await driver.value("delete many", "removeMany", { namespace, keys: names }, are(true));
  driver.check("left by delete many", await stored(), []);
}

async function checkGet(driver, namespace, pairs) {
  const [first, second] = pairs;
  const wanted = [first.key, "absent", second.key];
  const given = { namespace, keys: wanted, type: "text" };
  await driver.value("bulk get", "bulkGet", given, {
    values: { [first.key]: first.value, absent: null, [second.key]: second.value },
  });
  await driver.value("bulk get with metadata", "bulkGet", { ...given, withMetadata: true }, ({ values }) => {
    const { value, metadata } = values[first.key];
    return value === first.value && metadata === null && values.absent === null;
  });
  const names = pairs.slice(0, 101).map(({ key }) => key);
  const tooMany = { status: 400, code: 10029 };
  await driver.fails("bulk get of 101 keys", "bulkGet", { ...given, keys: names }, tooMany);
}
