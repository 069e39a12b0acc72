// Credentials: right, wrong, missing and malformed, and of another account.

import { server, value, writeKeys } from "../account.mjs";
import { toBase64 } from "./keys.mjs";

const WRONG = { status: 403, code: 10000, says: "Authentication error" };
const NONE = { status: 400, code: 9106 };
/** The code behind says what is malformed: the address, the key, the token. */
const malformed = (code) => ({ status: 400, code: 6003, chain: [code] });

export async function checkCredentials(driver, namespace) {
  const isOpen = server.token === undefined;
  const as = (credentials, account = server.accountId) =>
    driver.succeeds("connect", "connect", { url: server.url, account, credentials });
  const given = { namespace, key: "credentials" };
  const stored = async () => (await value(namespace, given.key)).toString();
  await writeKeys(namespace, [{ key: given.key, value: "as it was" }]);
  const attempts = async (name, refusal) => {
    const text = `put ${name}`;
    const put = { ...given, value: toBase64(text) };
    const { stores, reads } = driver.client.text(text);
    if (refusal === undefined) {
      await driver.succeeds(`put ${name}`, "put", put);
      driver.check(`stored ${name}`, await stored(), stores);
      await driver.value(`get ${name}`, "get", given, toBase64(reads));
    } else {
      // Some clients show nothing of it.
      const before = await stored();
      await driver.refused(`put ${name}`, "put", put, refusal);
      driver.check(`stored ${name}`, await stored(), before);
      await driver.refused(`get ${name}`, "get", given, refusal);
    }
  };
  await as({ token: "wrong" });
  await attempts("with a wrong token", isOpen ? undefined : WRONG);
  await as({ token: server.token ?? "any" });
  await attempts("with the token", undefined);
  await as({ token: server.token ?? "any" }, "0".repeat(32));
  await attempts("for another account", WRONG);
  if (driver.does("emailAndKey")) {
    await as({ email: "ada@example.com", key: server.token ?? "any" });
    await attempts("with an address and its key", undefined);
    await as({ email: "ada@example.com", key: "wrong" });
    await attempts("with an address and a wrong key", isOpen ? undefined : WRONG);
    await as({ email: "nobody", key: "wrong" });
    await attempts("with no address", isOpen ? undefined : malformed(6102));
    await as({ email: "ada@example.com", key: "two words" });
    await attempts("with a key of two words", isOpen ? undefined : malformed(6103));
  }
  if (driver.does("noCredentials")) {
    await as({});
    await attempts("without credentials", isOpen ? undefined : NONE);
  }
  if (driver.does("anyToken")) {
    await as({ token: "two words" });
    await attempts("with a token of two words", isOpen ? undefined : malformed(6111));
  }
}
