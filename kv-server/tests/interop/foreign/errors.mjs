// Errors of the server, as each client reports them. A function takes an error's status, code, chain of codes
// and part of its message, and returns the outcome of the adapter, with as much of the error as the client
// reports.

const STAINLESS = {
  400: "BadRequestError",
  401: "AuthenticationError",
  403: "PermissionDeniedError",
  404: "NotFoundError",
};

/** Generated SDKs, with a class for each of these statuses, and `other`. */
const stainless = (other) => (error) => ({
  error: { class: STAINLESS[error.status] ?? other, ...error },
});

/** Clients that report codes and messages, but not the status. */
const codes =
  (name) =>
  ({ code, chain, says }) => ({
    error: { class: name, code, ...(chain && { chain }), ...(says && { says }) },
  });

/** Clients that report all. */
const whole = (name) => (error) => ({ error: { class: name, ...error } });

export const typescript = stainless("APIError");
export const python = stainless("APIStatusError");
export const python2 = codes("CloudFlareAPIError");
export const response = whole("Response");

/** An absent value is `null`, in a missing namespace too. */
export function unstorage(error, operation) {
  if (error.status === 404 && operation === "get") return { value: null };
  if (error.status === 404 && operation === "has") return { value: false };
  return whole("FetchError")(error);
}

export function keyv(error, operation) {
  if (error.status === 404 && operation === "get") return { value: null };
  if (error.status === 404 && operation === "has") return { value: false };
  if (error.status === 404 && operation === "remove") return { value: false };
  return whole("Error")(error);
}

/** It returns the envelope, but a list of all keys fails since it reads a cursor from it. */
export function sagi(error, operation) {
  return operation === "list" ? { error: { class: "TypeError" } } : codes("envelope")(error);
}

/** A get returns an error's envelope, or `null` for an absent key; a delete ignores the response. */
export function kikobeats(error, operation) {
  if (operation === "remove") return { value: true };
  if (operation === "get" && error.status === 404) return { value: null };
  if (operation === "get") return codes("envelope")(error);
  return { error: { class: "Error", code: error.code } };
}

/** A read that fails is `null`, and a write `false`. */
export function storageRest(error, operation) {
  if (operation === "get") return { value: null };
  return { error: { class: operation === "page" ? "null" : "false" } };
}

/** It checks the status of a get alone, and only for 404. */
export function remote(error, operation) {
  if (operation === "get" && error.status === 404) return { value: null };
  if (operation === "get") return codes("envelope")(error);
  if (operation === "metadata" || operation === "put" || operation === "remove") return { value: null };
  return { error: { class: "TypeError" } };
}

/** A get that fails returns no value; a set reports the whole response. */
export function cfkv(error, operation) {
  return operation === "get" ? { value: null } : whole("Exception")(error);
}

export function cloudflarekv(error, operation) {
  return operation === "get" ? { value: null } : response(error);
}

/** It looks up the namespace first; a bug in its error path for reads raises AttributeError. */
export function cloudlareKv(error, operation) {
  if (error.code === 10000) return { error: { class: "TypeError" } };
  if (error.code === 10009) return { error: { class: "AttributeError" } };
  return { error: { class: "Exception" } };
}

/** A get reports an error's message, other operations the list of errors. */
export function workersKvPy(error, operation) {
  if (operation === "get" && error.status === 404) return { value: null };
  if (operation === "get")
    return { error: { class: "Exception", ...(error.says && { says: error.says }) } };
  return codes("Exception")(error);
}

const OPENDAL = { 403: "PermissionDenied", 404: "NotFound" };

/** It reports the code, and a kind that depends on the status. */
export function opendal(error, operation) {
  if (error.status === 404 && operation === "has") return { value: false };
  return { error: { class: OPENDAL[error.status] ?? "Unexpected", code: error.code } };
}
