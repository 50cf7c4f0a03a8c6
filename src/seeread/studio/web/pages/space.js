// <page-space>: the shared space of a folder of one's own, or of drawn scenes: what lies close to what.
import { follow, get, isStopped, post } from "/web/api.js";
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import { models } from "/web/parts/models.js";
import "/web/parts/busy.js";
import "/web/parts/trouble.js";
import "/web/spaces/view.js";

const DRAWN = ""; // the choice of drawn scenes, as the address has it
const WAYS = { pca: "PCA: widest view, distances hold", pacmap: "PaCMAP: neighbours together", umap: "UMAP: neighbours together, slow at first" };

class SpacePage extends LitElement {
  static properties = {
    state: { attribute: false }, _folders: { state: true }, _progress: { state: true }, _trouble: { state: true }, _data: { state: true },
  };
  static styles = [look, css`
    .bar { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: end; margin-bottom: 1rem; }
    .bar > * { min-width: 0; }
    .folder { flex: 1 1 14rem; }
    .by { flex: 1 1 12rem; }
    label { display: block; margin-bottom: .3rem; font-size: .875rem; color: var(--muted); }
    select { width: 100%; }
    sr-models { flex: 1 1 12rem; }
    sr-busy { max-width: 34rem; }
    sr-trouble { margin-bottom: 1rem; }
    sr-space { --around: 19rem; }
    @media (max-width: 560px) {
      sr-models { flex-basis: 100%; }
      .folder, .by { flex-basis: 9rem; }
    }
  `];
  #shown = "";
  #stop = null;

  connectedCallback() {
    super.connectedCallback();
    get("/api/space/folders").then((folders) => { this._folders = folders; }, () => { this._folders = []; });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stop?.abort();
  }

  /** What the address asks for: {model, folder, by}. */
  get #wish() {
    const { model, folder = DRAWN, by = "pca" } = this.state ?? {};
    return { model, folder, by: by in WAYS ? by : "pca" };
  }

  willUpdate(changed) {
    if (changed.has("state")) this.#choose();
  }

  async #choose() {
    const wish = { ...this.#wish };
    try {
      const able = (await models()).filter(({ does }) => !does || does.includes("compare")).map(({ name }) => name);
      if (!able.includes(wish.model)) wish.model = able[0];
      if (!wish.model) throw new Error("No model here compares pictures with words. Start the studio with one, such as seeread/mini-clip.");
      await this.#show(wish);
    } catch (error) {
      this._trouble = error.message;
    }
  }

  async #show(wish, again = false) {
    const key = JSON.stringify(wish);
    if (key === this.#shown && !again) return;
    this.#shown = key;
    this.#stop?.abort();
    const stop = (this.#stop = new AbortController());
    this._trouble = "";
    this._progress = { what: "Reading" };
    this._data = null;
    try {
      const folder = wish.folder === DRAWN ? null : wish.folder.replace(/^\.\/?/, "");
      const data = await follow("/api/space", { model: wish.model, folder, by: wish.by },
        { progress: (progress) => { if (stop === this.#stop) this._progress = progress; } }, { signal: stop.signal });
      if (stop === this.#stop) this.#arrive(data);
    } catch (error) {
      if (stop !== this.#stop) return;
      this._trouble = isStopped(error) ? "" : error.message;
      if (isStopped(error)) this.#shown = "";
    } finally {
      if (stop === this.#stop) this._progress = null;
    }
  }

  #arrive(data) {
    const at = `/api/space/${data.key}`;
    const view = document.createElement("sr-space");
    view.tools = {
      place: (text) => post(`${at}/words`, { text }),
      like: async (pictures) => (await post(`${at}/like`, { pictures })).pictures,
      picture: (number) => `${at}/pictures/${number}.jpg`,
    };
    view.data = data;
    view.addEventListener("texts", ({ detail }) => this.#say({ words: detail.join("\n") }));
    view.addEventListener("side", ({ detail }) => this.#say({ side: detail === "closed" ? detail : "" }));
    this._data = view;
    this.updateComplete.then(() => this.#restore(view));
  }

  /** What the address says was typed, and which map was looked at. */
  async #restore(view) {
    if (this.state?.side === "closed") view.side("closed");
    for (const words of (this.state?.words ?? "").split("\n").filter(Boolean).slice(0, 12)) await view.type(words);
  }

  #say(changes) {
    this.dispatchEvent(new CustomEvent("state", { detail: changes, bubbles: true, composed: true }));
  }

  render() {
    const { model, folder, by } = this.#shown ? JSON.parse(this.#shown) : this.#wish;
    return html`
      <div class="bar">
        <sr-models .chosen=${model ? [model] : []} .able=${["compare"]} @models=${({ detail }) => this.#say({ model: detail.names[0] })}></sr-models>
        <div class="folder">
          <label for="folder">Pictures</label>
          <select id="folder" @change=${({ target }) => this.#say({ folder: target.value, words: "" })}>
            <option value=${DRAWN} .selected=${folder === DRAWN}>Drawn scenes, as an example</option>
            ${(this._folders ?? []).map(({ name, pictures }) => html`
              <option value=${`./${name}`} .selected=${folder === `./${name}`}>${name || "This folder"} · ${pictures.toLocaleString("en")}</option>`)}
          </select>
        </div>
        <div class="by">
          <label for="by">Map</label>
          <select id="by" @change=${({ target }) => this.#say({ by: target.value })}>
            ${Object.entries(WAYS).map(([name, title]) => html`<option value=${name} .selected=${by === name}>${title}</option>`)}
          </select>
        </div>
      </div>
      ${this._trouble ? html`<sr-trouble .message=${this._trouble} again @again=${() => { this.#shown = ""; this.#choose(); }}></sr-trouble>` : nothing}
      ${this._progress ? html`<sr-busy .progress=${this._progress} stoppable @stop=${() => this.#stop.abort()}></sr-busy>` : nothing}
      ${this._data ?? nothing}
      ${this._folders && !this._folders.length && this._data ? html`<p class="muted">To see your own pictures, start the studio in the folder that holds them.</p>` : nothing}`;
  }
}
customElements.define("page-space", SpacePage);
