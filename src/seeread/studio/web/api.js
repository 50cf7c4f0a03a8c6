// How pages ask the server: every answer is JSON, every failure a `Trouble` with a sentence for people.

const AWAY = "The studio does not answer. Is it still running in its terminal?";

/** Bytes of a picture's file. The server refuses more, and hangs up before it could say so. */
const LARGEST = 32 * 2 ** 20;
const TOO_LARGE = "That is larger than the 32 MiB allowed: save the picture as JPEG, or smaller.";
const JSON_KIND = "application/json";

/** What went wrong, in a sentence for people. `status` is that of the answer, 0 where there was none. */
export class Trouble extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** What is at a path, such as "/api/models". */
export const get = (path, { signal } = {}) => asked(path, { signal });

/** The answer to a body. */
export const post = (path, body, { signal } = {}) =>
  asked(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": JSON_KIND }, signal });

/** Keeps a picture, a File or Blob: {name, width, height}. */
export async function keep(file, { signal } = {}) {
  if (file.size > LARGEST) throw new Trouble(TOO_LARGE, 413);
  const headers = { "Content-Type": "application/octet-stream" };
  return asked("/api/pictures", { method: "POST", body: file, headers, signal });
}

/** Where a kept picture is to be seen, its longer side at most `side` pixels. */
export const pictureAt = (name, side) => `/api/pictures/${encodeURIComponent(name)}${side ? `?side=${side}` : ""}`;

/**
 * As `post`, for what takes a while: `on.progress({what, done, total})` and `on.piece(text)` are called meanwhile.
 * To stop it, abort the signal; then it throws an AbortError, which `isStopped` knows.
 */
export async function follow(path, body, on = {}, { signal } = {}) {
  const response = await sent(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": JSON_KIND, Accept: "text/event-stream" },
    signal,
  });
  if (!response.ok) throw await troubleOf(response);
  for await (const [name, data] of events(response.body)) {
    if (name === "result") return data;
    if (name === "error") throw new Trouble(data.message, 400);
    on[name]?.(data);
  }
  throw new Trouble(AWAY);
}

/** Whether an error only says that one stopped it oneself. */
export const isStopped = (error) => error?.name === "AbortError";

async function asked(path, options) {
  const response = await sent(path, options);
  if (!response.ok) throw await troubleOf(response);
  return response.json();
}

async function sent(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    throw isStopped(error) ? error : new Trouble(AWAY);
  }
}

async function troubleOf(response) {
  try {
    return new Trouble((await response.json()).error.message, response.status);
  } catch {
    return new Trouble(`The studio gave an answer that makes no sense (${response.status}).`, response.status);
  }
}

/** Server-sent events of a stream, as [name, data]. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error) => {
        throw isStopped(error) ? error : new Trouble(AWAY);
      });
      if (done) return;
      const whole = (rest + value).split("\n\n");
      rest = whole.pop();
      for (const event of whole) {
        const [, name, data] = /^event: (.*)\ndata: (.*)$/s.exec(event) ?? [];
        if (name) yield [name, JSON.parse(data)];
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
