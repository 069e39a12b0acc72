// Checks of credentials: right, wrong, missing, malformed, and for another account.

import { server, value, writeKeys } from "../account.mjs";
import { toBase64 } from "./keys.mjs";

const WRONG = { status: 403, code: 10000, says: "Authentication error" };
const MISSING = { status: 400, code: 9106 };
/** The code in the chain tells which is malformed: email, key or token. */
const malformed = (code) => ({ status: 400, code: 6003, chain: [code] });

export async function checkCredentials(driver, namespace) {
  const isOpen = server.token === undefined;
  const as = (credentials, account = server.accountId) =>
    driver.succeeds("connect", "connect", { url: server.url, account, credentials });
  const given = { namespace, key: "credentials" };
  const stored = async () => (await value(namespace, given.key)).toString();
  await writeKeys(namespace, [{ key: given.key, value: "as it was" }]);
  const attempt = async (name, error) => {
    const text = `put ${name}`;
    const put = { ...given, value: toBase64(text) };
    const { stores, reads } = driver.client.text(text);
    if (error === undefined) {
      await driver.succeeds(`put ${name}`, "put", put);
      driver.check(`stored ${name}`, await stored(), stores);
      await driver.value(`get ${name}`, "get", given, toBase64(reads));
    } else {
      // Some clients do not report the error, so the value is compared too.
      const before = await stored();
      await driver.fails(`put ${name}`, "put", put, error);
      driver.check(`stored ${name}`, await stored(), before);
      await driver.fails(`get ${name}`, "get", given, error);
    }
  };
  await as({ token: "wrong" });
  await attempt("with a wrong token", isOpen ? undefined : WRONG);
  await as({ token: server.token ?? "any" });
  await attempt("with the token", undefined);
  await as({ token: server.token ?? "any" }, "0".repeat(32));
  await attempt("for another account", WRONG);
  if (driver.does("emailAndKey")) {
    await as({ email: "ada@example.com", key: server.token ?? "any" });
    await attempt("with an email and its key", undefined);
    await as({ email: "ada@example.com", key: "wrong" });
    await attempt("with an email and a wrong key", isOpen ? undefined : WRONG);
    await as({ email: "nobody", key: "wrong" });
    await attempt("with a malformed email", isOpen ? undefined : malformed(6102));
    await as({ email: "ada@example.com", key: "two words" });
    await attempt("with a key of two words", isOpen ? undefined : malformed(6103));
  }
  if (driver.does("noCredentials")) {
    await as({});
    await attempt("without credentials", isOpen ? undefined : MISSING);
  }
  if (driver.does("anyToken")) {
    await as({ token: "two words" });
    await attempt("with a token of two words", isOpen ? undefined : malformed(6111));
  }
}
