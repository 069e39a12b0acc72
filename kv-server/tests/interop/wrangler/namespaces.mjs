// Checks of `wrangler kv namespace`.

import { createNamespace } from "../account.mjs";

/** `others` are the other namespaces of the account. */
export async function checkNamespaces(client, others) {
  const create = ["kv", "namespace", "create"];
  const created = (title) => [
    `🌀 Creating namespace with title "${title}"`,
    "✨ Success!",
    '"kv_namespaces": [',
  ];
  const id = idIn(await client.mentions([...create, "sessions"], created("sessions")));
  const previewId = idIn(
    await client.mentions([...create, "sessions", "--preview"], created("sessions_preview")),
  );
  const oddId = idIn(await client.mentions([...create, "größe 😀"], created("größe 😀")));
  await client.fails([...create, "sessions"], ['A KV namespace with the title "sessions" already exists.']);

  const list = ["kv", "namespace", "list"];
  // wrangler asks for the order of titles, which is that of bytes.
  const lists = (...own) => {
    const all = [...others, ...own].map((namespace) => ({ ...namespace, supports_url_encoding: true }));
    all.sort((a, b) => Buffer.compare(Buffer.from(a.title), Buffer.from(b.title)));
    return client.printsJson(list, all);
  };
  await lists(
    { id: oddId, title: "größe 😀" },
    { id, title: "sessions" },
    { id: previewId, title: "sessions_preview" },
  );

  const rename = ["kv", "namespace", "rename"];
  const renamed = (id, title) =>
    `Renaming KV namespace ${id} to "${title}".\n✨ Successfully renamed namespace to "${title}"`;
  await client.prints([...rename, "sessions", "--new-name", "logins"], renamed(id, "logins"));
  await client.prints([...rename, "--namespace-id", id, "--new-name", "a/b c"], renamed(id, "a/b c"));
  await client.prints([...rename, "--namespace-id", id, "--new-name", "a/b c"], renamed(id, "a/b c"));
  await client.fails(
    [...rename, "--namespace-id", id, "--new-name", "sessions_preview"],
    ["a namespace with this account ID and title already exists", "[code: 10014]"],
  );
  await client.fails(
    [...rename, "sessions", "--new-name", "x"],
    ['No namespace found with the name "sessions"'],
  );

  const remove = ["kv", "namespace", "delete", "-y"];
  const removed = (display) =>
    `About to delete remote KV namespace ${display}.\nThis action is irreversible and will permanently delete all data in the KV namespace.\n\n` +
    `Deleting KV namespace ${display}.\nDeleted KV namespace ${display}.`;
  await client.prints([...remove, "a/b c"], removed(`name: "a/b c" (id: "${id}")`));
  await client.prints([...remove, "--namespace-id", oddId], removed(`id: "${oddId}"`));
  await client.fails([...remove, "--namespace-id", oddId], ["namespace not found", "[code: 10013]"]);
  await client.fails(
    [...remove, "a/b c"],
    ["Not able to delete namespace.", 'No namespace found with the name "a/b c"'],
  );
  await client.prints(
    [...remove, "sessions_preview"],
    removed(`name: "sessions_preview" (id: "${previewId}")`),
  );
  await lists();

  // More than one page, of 1,000.
  const many = [];
  for (let index = 0; index <= 1000; index += 1) {
    const title = `many ${String(index).padStart(4, "0")}`;
    many.push({ id: await createNamespace(title), title });
  }
  await lists(...many);
}

function idIn(printed) {
  return /"(?:preview_)?id": "([0-9a-f]{32})"/.exec(printed)?.[1];
}
