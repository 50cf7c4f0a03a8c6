// The page Compare: two or more models side by side. Its views are in compare/: aspects, one picture, diagrams.
import { get } from "/web/api.js";
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/parts/busy.js";
import "/web/parts/trouble.js";
import "/web/pages/compare/chosen.js";

const VIEWS = [
  { name: "aspects", title: "Aspect by aspect" },
  { name: "picture", title: "On one picture" },
  { name: "diagrams", title: "Diagrams" },
];

class Compare extends LitElement {
  static properties = { state: { attribute: false }, _listed: { state: true }, _trouble: { state: true } };
  static styles = [look, css`
    :host { display: grid; gap: 1.4rem; grid-template-columns: minmax(0, 1fr); }
    .tabs { display: flex; gap: .3rem; border-bottom: 1px solid var(--line); overflow-x: auto; scrollbar-width: none; }
    .tabs button { border: 0; background: none; border-radius: 0; padding: .5rem .8rem; color: var(--muted); white-space: nowrap; font-weight: 500; position: relative; }
    .tabs button:hover { color: var(--text); }
    .tabs button[aria-selected="true"] { color: var(--text); background: none; }
    .tabs button[aria-selected="true"]::after { content: ""; position: absolute; inset: auto .6rem -1px; height: 2px; background: var(--accent); }
    .pairings { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: .7rem; }
    .pairings button { text-align: left; padding: .8rem 1rem; border-radius: var(--round); background: var(--page); display: grid; gap: .15rem; align-content: start; }
    .pairings strong { font-weight: 620; }
    @media (max-width: 720px) { .tabs { gap: 0; } .tabs button { padding-inline: .5rem; font-size: .92rem; } }
  `];

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
  }

  async #ask() {
    try {
      this._trouble = "";
      this._listed = await get("/api/compare");
    } catch (error) {
      this._trouble = error.message;
    }
  }

  render() {
    if (this._trouble) return html`<sr-trouble .message=${this._trouble} again @again=${this.#ask}></sr-trouble>`;
    if (!this._listed) return html`<sr-busy what="Looking for models"></sr-busy>`;
    const chosen = this.#chosen;
    return html`
      <compare-chosen .chosen=${chosen} .listed=${this._listed.models} .most=${this._listed.most}
        @models=${({ detail }) => this.#change({ models: detail.names.join(","), model: "" })}></compare-chosen>
      ${chosen.length === 0 ? this.#beginning() : html`
        <div class="tabs" role="tablist" @keydown=${this.#key}>${VIEWS.map(({ name, title }) => html`
          <button role="tab" aria-selected=${String(name === this.#view)} tabindex=${name === this.#view ? 0 : -1}
            @click=${() => this.#change({ view: name })}>${title}</button>`)}</div>
        <div role="tabpanel">${this.#panel(chosen)}</div>
        ${chosen.length === 1 ? this.#beginning() : nothing}`}`;
  }

  #beginning() {
    return html`<div class="stack">
      <p class="muted">Add models above, or look at some of these. Published models are measured on their
        configurations: their weights are not fetched.</p>
      <div class="pairings">${this._listed.pairings.map(({ title, question, models }) => html`
        <button @click=${() => this.#change({ models: models.join(",") })}><strong>${title}</strong><span class="muted small">${question}</span></button>`)}
      </div>
    </div>`;
  }

  #panel(chosen) {
    const view = this.#view;
    import(`/web/pages/compare/${view}.js`).catch(() => { this._trouble = "This view cannot be opened."; });
    if (view === "aspects") {
      return html`<compare-aspects .chosen=${chosen} ?only=${this.state.only === "1"}></compare-aspects>`;
    }
    if (view === "picture") {
      const here = chosen.filter((name) => this._listed.models.some((one) => one.name === name && one.here));
      return html`<compare-picture .chosen=${here} .state=${this.state} .listed=${this._listed.models}></compare-picture>`;
    }
    return html`<compare-diagrams .chosen=${chosen} .listed=${this._listed.models}></compare-diagrams>`;
  }

  get #view() {
    return VIEWS.some(({ name }) => name === this.state.view) ? this.state.view : "aspects";
  }

  /** The models that the address names; the one that another page had, where it names none. */
  get #chosen() {
    return [...new Set((this.state.models ?? this.state.model ?? "").split(",").filter(Boolean))];
  }

  #change(detail) {
    this.dispatchEvent(new CustomEvent("state", { detail, bubbles: true, composed: true }));
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const place = VIEWS.findIndex(({ name }) => name === this.#view);
    this.#change({ view: VIEWS[(place + step + VIEWS.length) % VIEWS.length].name });
    this.updateComplete.then(() => this.renderRoot.querySelector('[role="tab"][aria-selected="true"]').focus());
  }
}
customElements.define("page-compare", Compare);
