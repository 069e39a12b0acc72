// Refusals of the server, as clients show them: each takes the server's status, its code and the codes behind it, and gives
// what the adapter then answers. A message stands only where the client hands it out.

const STAINLESS = {
  400: "BadRequestError",
  401: "AuthenticationError",
  403: "PermissionDeniedError",
  404: "NotFoundError",
};

/** The SDKs that are generated: a class for each status, or `other`. */
const stainless = (other) => (refusal) => ({
  error: { class: STAINLESS[refusal.status] ?? other, ...refusal },
});

/** Only codes. */
const codes =
  (name) =>
  ({ code, chain, says }) => ({
    error: { class: name, code, ...(chain && { chain }), ...(says && { says }) },
  });

/** A class that carries the rest. */
const whole = (name) => (refusal) => ({ error: { class: name, ...refusal } });

export const typescript = stainless("APIError");
export const python = stainless("APIStatusError");
export const python2 = codes("CloudFlareAPIError");
export const response = whole("Response");

/** A value that is not there is `null`, also where its namespace is missing. */
export function unstorage(refusal, operation) {
  if (refusal.status === 404 && operation === "get") return { value: null };
  if (refusal.status === 404 && operation === "has") return { value: false };
  return whole("FetchError")(refusal);
}

export function keyv(refusal, operation) {
  if (refusal.status === 404 && operation === "get") return { value: null };
  if (refusal.status === 404 && operation === "has") return { value: false };
  if (refusal.status === 404 && operation === "remove") return { value: false };
  return whole("Error")(refusal);
}

/** It hands out the envelope, but looks for a cursor in that of a listing of everything. */
export function sagi(refusal, operation) {
  return operation === "list" ? { error: { class: "TypeError" } } : codes("answer")(refusal);
}

/** A get hands out what the envelope of a refusal holds, but for what is absent; a delete looks at nothing. */
export function kikobeats(refusal, operation) {
  if (operation === "remove") return { value: true };
  if (operation === "get" && refusal.status === 404) return { value: null };
  if (operation === "get") return codes("answer")(refusal);
  return { error: { class: "Error", code: refusal.code } };
}

/** All that it says is `null` of a read, and `false` of a write. */
export function storageRest(refusal, operation) {
  if (operation === "get") return { value: null };
  return { error: { class: operation === "page" ? "null" : "false" } };
}

/** It looks at the status of a get alone, for 404, and of nothing else. */
export function remote(refusal, operation) {
  if (operation === "get" && refusal.status === 404) return { value: null };
  if (operation === "get") return codes("answer")(refusal);
  if (operation === "metadata" || operation === "put" || operation === "remove") return { value: null };
  return { error: { class: "TypeError" } };
}

/** A value that is refused is not there; a set tells the whole answer. */
export function cfkv(refusal, operation) {
  return operation === "get" ? { value: null } : whole("Exception")(refusal);
}

export function cloudflarekv(refusal, operation) {
  return operation === "get" ? { value: null } : response(refusal);
}

/** It looks for the namespace first; its message about a failed read has a mistake of its own. */
export function cloudlareKv(refusal, operation) {
  if (refusal.code === 10000) return { error: { class: "TypeError" } };
  if (refusal.code === 10009) return { error: { class: "AttributeError" } };
  return { error: { class: "Exception" } };
}

/** A get gives a refusal's message, other operations the list of errors. */
export function workersKvPy(refusal, operation) {
  if (operation === "get" && refusal.status === 404) return { value: null };
  if (operation === "get")
    return { error: { class: "Exception", ...(refusal.says && { says: refusal.says }) } };
  return codes("Exception")(refusal);
}

const OPENDAL = { 403: "PermissionDenied", 404: "NotFound" };

/** Of the answer it keeps the code, and makes a kind of the status. */
export function opendal(refusal, operation) {
  if (refusal.status === 404 && operation === "has") return { value: false };
  return { error: { class: OPENDAL[refusal.status] ?? "Unexpected", code: refusal.code } };
}
