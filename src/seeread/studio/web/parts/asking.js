// What an element needs that asks the server one thing at a time: a new question stops the one before it.
import { follow, isStopped } from "/web/api.js";

/**
 * A reactive controller: `ask` follows a path, and `progress`, `text`, `result`, `trouble` say how it goes. When it has
 * gone, well or not, the host has the event "answered".
 */
export class Asking {
  progress = null;
  text = "";
  result = null;
  trouble = "";
  #host;
  #stopping = null;

  constructor(host) {
    this.#host = host;
    host.addController(this);
  }

  get busy() {
    return this.#stopping !== null;
  }

  /** The answer, or null where it was stopped or went wrong. */
  async ask(path, body) {
    this.stop();
    const stopping = (this.#stopping = new AbortController());
    Object.assign(this, { progress: {}, text: "", trouble: "" });
    this.#host.requestUpdate();
    const on = {
      progress: (progress) => this.#now(stopping, { progress }),
      piece: (piece) => this.#now(stopping, { text: this.text + piece }),
    };
    try {
      const result = await follow(path, body, on, stopping);
      this.#now(stopping, { result });
      return this.#stopping === stopping ? result : null;
    } catch (error) {
      if (!isStopped(error)) this.#now(stopping, { result: null, trouble: error.message });
      return null;
    } finally {
      if (this.#stopping === stopping) this.#stopping = null;
      this.#host.requestUpdate();
      this.#host.dispatchEvent(new CustomEvent("answered", { bubbles: true, composed: true }));
    }
  }

  stop() {
    this.#stopping?.abort();
    this.#stopping = null;
    this.#host.requestUpdate();
  }

  /** As if nothing had been asked. */
  forget() {
    this.stop();
    Object.assign(this, { progress: null, text: "", result: null, trouble: "" });
  }

  hostDisconnected() {
    this.stop();
  }

  #now(stopping, changes) {
    if (this.#stopping !== stopping) return;
    Object.assign(this, changes);
    this.#host.requestUpdate();
  }
}
