// The HTTP API; this page is its first client.

export class ApiError extends Error {
  constructor(status, type, message) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

async function asked(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new ApiError(0, "Unreachable", "The studio does not answer. Is it still running?");
  }
  if (answer.ok) return answer;
  let told = null;
  try {
    told = (await answer.json()).error;
  } catch {
    // no JSON: a proxy spoke
  }
  if (answer.status === 401) document.dispatchEvent(new CustomEvent("token-needed"));
  throw new ApiError(answer.status, told?.type ?? "Unknown", told?.message ?? `The server answered ${answer.status}.`);
}

function asJson(method, told) {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(told) };
}

/** JSON of a GET. */
export async function get(path) {
  return (await asked(path)).json();
}

/** JSON of a POST of JSON; null where the answer is empty. */
export async function post(path, told = {}, headers = {}) {
  const options = asJson("POST", told);
  const answer = await asked(path, { ...options, headers: { ...options.headers, ...headers } });
  return answer.status === 204 ? null : answer.json();
}

/** Bytes of a POST of JSON, as a Blob. */
export async function paint(path, told) {
  return (await asked(path, asJson("POST", told))).blob();
}

/** Bytes of a GET, as a Blob. */
export async function bytes(path) {
  return (await asked(path)).blob();
}

/** Bring a file: {ref, kind, format, bytes}. */
export async function bring(file) {
  return (await asked("/v1/files", { method: "POST", body: form(file) })).json();
}

/** What the marks of a file or Blob tell. */
export async function verify(file) {
  return (await asked("/v1/verify", { method: "POST", body: form(file) })).json();
}

export async function remove(path) {
  await asked(path, { method: "DELETE" });
}

function form(file) {
  const body = new FormData();
  body.append("file", file, "file"); // its own name is nobody's business
  return body;
}
