// Requests to the device, each with a time limit.

/** A request that ends after `limitMs`, body included where `read` gives it. */
async function request(path, options, limitMs, read = (answer) => answer) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), limitMs);
  try {
    return await read(await fetch(path, { ...options, signal: controller.signal }));
  } finally {
    clearTimeout(timer);
  }
}

export const get = (path, limitMs = 4000) => request(path, { cache: "no-store" }, limitMs);

/** JSON of an answer; an object with `error` and `status` where there is none. */
export async function getJson(path, limitMs = 4000) {
  try {
    return await request(path, { cache: "no-store" }, limitMs, async (answer) => {
      const body = await answer.json();
      return answer.ok ? body : { error: body.error || "", status: answer.status };
    });
  } catch {
    return { error: "", status: 0 };
  }
}

/** Send a change; { ok, status, body, error }. */
export async function sendJson(method, path, content, limitMs = 20000) {
  const options = { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) };
  try {
    return await request(path, options, limitMs, async (answer) => {
      const body = await answer.json().catch(() => ({}));
      return { ok: answer.ok, status: answer.status, body, error: body.error || "" };
    });
  } catch {
    return { ok: false, status: 0, body: {}, error: "" };
  }
}
