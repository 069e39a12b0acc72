// Checks of examples like those in the binding's documentation: sessions, feature flags, a rate limiter.

import { Tally } from "../tally.mjs";

export async function checkExamples(runtime) {
  const tally = new Tally("workerd", "documentation's examples", 16);
  await checkSession(runtime, tally);
  await checkFlags(runtime, tally);
  await checkRateLimiter(runtime, tally);
  return tally;
}

async function checkSession(runtime, tally) {
  const request = async (name, init, expected) => {
    const response = await runtime.fetch("/session", init);
    tally.check(`session: ${name}`, [response.status, await response.text()], expected);
    return response;
  };
  const user = { name: "Ada", theme: "dark" };
  await request("is absent without a cookie", {}, [401, "no session"]);
  await request("is absent for a made-up cookie", { headers: { Cookie: "session=guess" } }, [
    401,
    "session is gone",
  ]);
  const begun = await request("begins", { method: "POST", body: JSON.stringify(user) }, [201, ""]);
  const Cookie = `theme=dark; ${begun.headers.get("Set-Cookie").split(";")[0]}`;
  await request("is found by its cookie", { headers: { Cookie } }, [200, JSON.stringify(user)]);
  const { ok } = await runtime.perform({ op: "list", options: { prefix: "session:" } });
  tally.check(
    "session: is listed with its user",
    ok.keys.map(({ metadata }) => metadata),
    [{ user: "Ada" }],
  );
  await request("ends", { method: "DELETE", headers: { Cookie } }, [204, ""]);
  await request("is gone", { headers: { Cookie } }, [401, "session is gone"]);
}

async function checkFlags(runtime, tally) {
  const check = async (name, expected) => {
    const response = await runtime.fetch("/flag?name=checkout");
    tally.check(`flag: ${name}`, await response.json(), expected);
  };
  await check("has its default", { enabled: false, share: 0 });
  await runtime.perform({ op: "put", key: "flag:checkout", value: '{"enabled":true}' });
  await check("is set in part", { enabled: true, share: 0 });
  await runtime.perform({ op: "put", key: "flag:checkout", value: '{"enabled":true,"share":0.25}' });
  await check("is set", { enabled: true, share: 0.25 });
}

async function checkRateLimiter(runtime, tally) {
  const check = async (name, query, expected) => {
    const response = await runtime.fetch(`/limited?${query}`);
    tally.check(`rate limiter: ${name}`, await response.json(), expected);
  };
  for (const count of [1, 2, 3])
    await check(`hit ${count} is allowed`, "client=a", { statuses: [200], count });
  await check("hit 4 is limited", "client=a", { statuses: [429], count: 3 });
  await check("another client's hit is allowed", "client=b", { statuses: [200], count: 1 });
  const statuses = [200, 200, 200, 200, 200];
  await check("of five hits at once, four are lost", "client=c&together=5", { statuses, count: 1 });
}
