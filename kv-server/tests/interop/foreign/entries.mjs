// Checks of values, metadata, expiry, and absent keys.

import { keys, removeKeys, value, writeKeys } from "../account.mjs";
import { seconds } from "../clock.mjs";
import { toBase64 } from "./keys.mjs";

const HOUR = 3600;
/** Expiration, within the range of clients that count in 32 bits. */
const LATE = 2_147_000_000;
/** Lengths of values: one byte too long, and beyond the limits of all bodies. */
const TOO_LONG = [26_214_401, 60_000_000, 101_000_000];
const METADATA = { user: "Ada", é: [1, null, "😀"] };

export async function checkEntries(driver, namespace) {
  const given = { namespace, key: "entry" };
  await checkValues(driver, given);
  if (driver.does("metadata")) await checkMetadata(driver, given);
  await checkExpiry(driver, given);
  await checkAbsent(driver, namespace);
  if (driver.does("putLong")) await checkTooLong(driver, given);
  await removeKeys(namespace, [given.key]);
}

async function checkValues(driver, given) {
  for (const text of ["one", "two\nlines, é 😀", JSON.stringify({ a: [1, { b: null }] })]) {
    if (driver.does("asciiValues") && text.includes("é")) continue;
    const { stores, reads } = driver.client.text(text);
    await driver.succeeds(`put ${JSON.stringify(text)}`, "put", { ...given, value: toBase64(text) });
    const stored = (await value(given.namespace, given.key)).toString();
    driver.check(`stored by put ${JSON.stringify(text)}`, stored, stores);
    if (driver.does("parses") && text.startsWith("{")) continue;
    await driver.value(`get ${JSON.stringify(text)}`, "get", given, toBase64(reads));
  }
  if (!driver.does("bytes")) return;
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const put = { ...given, value: bytes.toString("base64"), isBinary: true };
  await driver.succeeds("put of every byte", "put", put);
  driver.check("stored by put of every byte", (await value(given.namespace, given.key)).equals(bytes), true);
  await driver.value("get of every byte", "get", given, bytes.toString("base64"));
}

async function checkMetadata(driver, given) {
  await writeKeys(given.namespace, [{ key: given.key, value: "v", metadata: METADATA }]);
  await driver.value("metadata that the client did not write", "metadata", given, METADATA);
  if (!driver.does("writesMetadata")) return;
  const put = { ...given, value: toBase64("v") };
  await driver.succeeds("put without metadata", "put", put);
  await driver.value("no metadata", "metadata", given, null);
  await driver.succeeds("put with metadata", "put", { ...put, metadata: METADATA });
  await driver.value("metadata", "metadata", given, METADATA);
  driver.check("metadata as listed", (await keys(given.namespace))[0].metadata, METADATA);
  if (driver.does("ownLimits")) return;
  const metadata = { m: "x".repeat(1024) };
  const tooLong = { status: 400, code: 10047 };
  await driver.fails("put with too much metadata", "put", { ...put, metadata }, tooLong);
}

async function checkExpiry(driver, given) {
  const put = { ...given, value: toBase64("v") };
  const expiration = async () => (await keys(given.namespace))[0].expiration;
  if (driver.does("ttl")) {
    const earliest = seconds() + HOUR;
    await driver.succeeds("put with a TTL", "put", { ...put, ttl: HOUR });
    const found = await expiration();
    // A client that converts the TTL to a time or to milliseconds may be off by a second.
    driver.check("expiry by a TTL", found, (at) => at >= earliest - 1 && at <= seconds() + HOUR + 1);
    if (!driver.does("ownLimits")) {
      const tooShort = { status: 400, code: 10034 };
      await driver.fails("put with a TTL of 59 s", "put", { ...put, ttl: 59 }, tooShort);
    }
  }
  if (driver.does("expiration")) {
    await driver.succeeds("put with an expiration", "put", { ...put, expiration: LATE });
    driver.check("expiry by an expiration", await expiration(), LATE);
    if (!driver.does("ownLimits")) {
      const past = { status: 400, code: 10033 };
      await driver.fails("put with a past expiration", "put", { ...put, expiration: 1000 }, past);
    }
  }
  if (driver.does("ttl") || driver.does("expiration")) {
    await driver.succeeds("put without an expiry", "put", put);
    driver.check("no expiry", await expiration(), undefined);
  }
}

/** Checks that the error arrives although the client still sends its body. */
async function checkTooLong(driver, given) {
  const tooLong = { status: 413, code: 10024 };
  for (const length of TOO_LONG) {
    await driver.fails(`put of ${length} bytes`, "putLong", { ...given, length }, tooLong);
  }
}

async function checkAbsent(driver, namespace) {
  const given = { namespace, key: "absent" };
  const absent = { status: 404, code: 10009, says: "key not found" };
  await driver.fails("get of an absent key", "get", given, absent);
  if (driver.does("metadata")) {
    await driver.fails("metadata of an absent key", "metadata", given, absent);
  }
  if (driver.does("has")) await driver.value("has an absent key", "has", given, false);
  if (driver.does("remove")) {
    await driver.succeeds("delete of an absent key", "remove", given);
  }
  const long = { namespace, key: "x".repeat(513) };
  if (driver.does("longKeys")) {
    const tooLong = { status: 414, code: 10030, says: "513 bytes" };
    await driver.fails("get of a key that is too long", "get", long, tooLong);
    await driver.fails("put of a key that is too long", "put", { ...long, value: toBase64("v") }, tooLong);
  }
}
