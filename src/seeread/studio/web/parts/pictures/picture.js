// <sr-picture>: the picture that all is about; drop another anywhere, paste one, choose a file, or take an example.
// `picture` is the name of a kept one. Event "picture" with {name, width, height}. With `plain` it only shows it.
import { get, keep, pictureAt } from "/web/api.js";
import { LitElement, css, html, nothing, repeat } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/parts/busy.js";
import "/web/parts/pictures/frame.js";
import "/web/parts/trouble.js";

let asked = null;
const examples = () => (asked ??= get("/api/pictures").catch(() => { asked = null; return []; }));

const WELCOME = html`<h2>Drop a picture here</h2>
  <p class="muted">or paste one, or take an example. It stays on this machine.</p>`;

class Picture extends LitElement {
  static properties = {
    picture: {}, plain: { type: Boolean }, _examples: { state: true },
    _over: { state: true }, _busy: { state: true }, _trouble: { state: true }, _lost: { state: true },
  };
  static styles = [look, css`
    .place {
      position: relative; overflow: hidden;
      border: 1px solid var(--line); border-radius: var(--round); background: var(--raised);
      display: grid; place-items: center; min-height: min(12rem, var(--tall, 12rem));
    }
    .place.empty {
      border-style: dashed; border-width: 2px; text-align: center; padding: 2.5rem 1.5rem;
      gap: .4rem; align-content: center;
    }
    .place.over { border-color: var(--accent); background: var(--soft); }
    .shown { width: 100%; }
    .line { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-top: .6rem; }
    .line button { padding: .3rem .7rem; }
    .examples { display: flex; gap: .35rem; flex-wrap: wrap; }
    .examples button {
      padding: 0; width: 2.5rem; height: 2.5rem; overflow: hidden; border-radius: .4rem; line-height: 0;
    }
    .examples button[aria-pressed="true"] { outline: 2px solid var(--accent); outline-offset: 1px; }
    .examples img { width: 100%; height: 100%; object-fit: cover; }
    sr-trouble { margin-top: .6rem; }
    sr-busy { width: 100%; padding: 0 1rem; }
  `];

  connectedCallback() {
    super.connectedCallback();
    addEventListener("paste", this.#paste);
    addEventListener("drop", this.#drop);
    examples().then((kept) => { this._examples = kept; });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener("paste", this.#paste);
    removeEventListener("drop", this.#drop);
  }

  willUpdate(changed) {
    if (!changed.has("picture")) return;
    this._lost = false;
    if (this.picture) this._trouble = "";
  }

  render() {
    const there = this.picture && !this._lost;
    const place = `place ${there ? "" : "empty"} ${this._over ? "over" : ""}`;
    return html`
      <div class=${place} @dragover=${this.#over} @dragleave=${() => { this._over = false; }}>
        ${this._busy ? html`<sr-busy what="Reading the picture"></sr-busy>` : there ? this.#shown() : WELCOME}
      </div>
      ${this._trouble ? html`<sr-trouble .message=${this._trouble}></sr-trouble>` : nothing}
      ${this.plain ? nothing : this.#tools()}`;
  }

  #shown() {
    return html`<div class="shown"><slot>
      <sr-frame .picture=${this.picture} alt="The picture that is asked about" @lost=${this.#lost}></sr-frame>
    </slot></div>`;
  }

  #tools() {
    return html`<div class="line" part="tools">
      <button @click=${() => this.renderRoot.querySelector("input").click()}>Choose a picture</button>
      <input type="file" accept="image/*" hidden @change=${this.#chosen} aria-label="Choose a picture">
      <div class="examples" role="group" aria-label="Examples">
        ${repeat(this._examples ?? [], ({ name }) => name, (kept, index) => html`
          <button aria-pressed=${String(kept.name === this.picture)} title="Example ${index + 1}"
            @click=${() => this.#say(kept)}>
            <img src=${pictureAt(kept.name, 96)} alt="Example ${index + 1}" loading="lazy">
          </button>`)}
      </div>
    </div>`;
  }

  #over(event) {
    if (this.plain || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    this._over = true;
  }

  #drop = (event) => { // anywhere on the page
    this._over = false;
    if (!this.plain) this.#bring(event.dataTransfer?.files[0]);
  };

  #paste = (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (file && !this.plain) this.#bring(file);
  };

  #chosen(event) {
    this.#bring(event.target.files[0]);
    event.target.value = "";
  }

  #lost() {
    this._lost = true;
    this._trouble = "This picture is no longer kept here. Choose it again.";
  }

  async #bring(file) {
    if (!file) return;
    this._busy = true;
    this._trouble = "";
    try {
      this.#say(await keep(file));
    } catch (error) {
      this._trouble = error.message;
    } finally {
      this._busy = false;
    }
  }

  #say(kept) {
    this.picture = kept.name;
    this.dispatchEvent(new CustomEvent("picture", { detail: kept, bubbles: true, composed: true }));
  }
}
customElements.define("sr-picture", Picture);
