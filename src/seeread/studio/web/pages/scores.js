// The page Scores: what was measured in the folder of the studio, and what is known of the bundled models.
import { follow, get, isStopped } from "/web/api.js";
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/pages/scores/section.js";
import "/web/parts/busy.js";
import "/web/parts/trouble.js";

const KINDS = [
  { kind: "records", title: "Evaluations", command: "seeread evaluate seeread/mini-clip --on FOLDER --out results", about: "How good models are at benchmarks, with intervals and controls." },
  { kind: "report", title: "Saved reports", command: "seeread report results --out report.html", about: "Evaluations as a page to keep." },
  { kind: "audit", title: "Audits", command: "seeread audit seeread/mini-clip --faces TABLE.csv --out audit.html", about: "Whom a model serves worse." },
  { kind: "calibration", title: "Calibration", command: "seeread calibrate seeread/mini-clip FOLDER --report trust.html", about: "How far a model's certainty can be trusted." },
  { kind: "explanations", title: "Explanations", command: "seeread explain --benchmark", about: "Which maps find what matters, where the truth is known." },
  { kind: "published", title: "Published", command: "", about: "What others report." },
];

const HOW = "measure"; // what the address says where nothing is shown but how to measure

class Scores extends LitElement {
  static properties = {
    state: { attribute: false }, _found: { state: true }, _page: { state: true }, _progress: { state: true }, _trouble: { state: true },
  };
  static styles = [look, css`
    .all { display: grid; grid-template-columns: 15rem minmax(0, 1fr); gap: 2.2rem; align-items: start; }
    nav { position: sticky; top: 4.4rem; display: grid; gap: 1rem; max-height: calc(100vh - 6rem); overflow-y: auto; padding-bottom: 1rem; }
    nav h3 { font-size: .8rem; color: var(--muted); font-weight: 600; margin-bottom: .25rem; }
    nav button { display: block; width: 100%; text-align: left; border: 0; background: none; padding: .3rem .6rem; line-height: 1.35; border-radius: .4rem; }
    nav button:hover { background: var(--raised); }
    nav button[aria-current] { background: var(--soft); color: var(--accent); font-weight: 550; }
    nav .none { font-size: .85rem; color: var(--muted); padding: .1rem .6rem; }
    .lead { color: var(--muted); margin-top: .3rem; }
    .contents { display: flex; flex-wrap: wrap; gap: .35rem 1.1rem; margin-top: .6rem; }
    .contents button { border: 0; background: none; padding: 0; color: var(--link); font-size: .9rem; }
    .contents button:hover { text-decoration: underline; }
    .empty { display: grid; gap: 1rem; }
    .ways { display: grid; gap: .7rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
    pre { margin: .5rem 0 0; padding: .5rem .7rem; background: var(--raised); border: 1px solid var(--line); border-radius: .4rem; font: .82rem/1.5 var(--mono); white-space: pre-wrap; }
    .choose { display: none; }
    @media (max-width: 860px) {
      .all { grid-template-columns: minmax(0, 1fr); gap: 1.2rem; }
      nav { display: none; }
      .choose { display: block; }
    }
  `];
  #shown = null;
  #stop = null;

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stop?.abort();
    this.#shown = null;
  }

  async #ask() {
    try {
      this._trouble = "";
      this._found = await get("/api/scores");
    } catch (error) {
      this._trouble = error.message;
    }
  }

  updated() {
    const wanted = this.#wanted;
    if (this._found && wanted !== this.#shown) this.#show(wanted);
  }

  async #show(name) {
    this.#shown = name;
    this.#stop?.abort();
    const { signal } = (this.#stop = new AbortController());
    this._trouble = "";
    this._page = this._progress = null;
    if (!name) return;
    this._progress = { what: "Reading what was measured" };
    try {
      this._page = await follow("/api/scores", { name }, { progress: (progress) => { this._progress = progress; } }, { signal });
    } catch (error) {
      if (isStopped(error)) return;
      this._trouble = error.message;
    }
    if (!signal.aborted) this._progress = null;
  }

  /** What the address names; else the first evaluation; "" where that is how to measure something. */
  get #wanted() {
    const { show } = this.state;
    return show === HOW ? "" : (show || this._found?.found.find(({ kind }) => kind === "records")?.name) ?? "";
  }

  render() {
    if (!this._found) return this._trouble ? html`<sr-trouble .message=${this._trouble} again @again=${this.#ask}></sr-trouble>` : html`<sr-busy what="Looking through the folder"></sr-busy>`;
    const wanted = this.#wanted;
    return html`<div class="all">
      ${this.#list(wanted)}
      <div>${this._trouble ? html`<sr-trouble .message=${this._trouble}></sr-trouble>`
        : this._progress ? html`<sr-busy .progress=${this._progress}></sr-busy>`
        : wanted && this._page ? this.#content() : this.#empty()}</div>
    </div>`;
  }

  #list(wanted) {
    const by = (kind) => this._found.found.filter((one) => one.kind === kind);
    return html`
      <nav aria-label="What was measured">${KINDS.map(({ kind, title, about }) => html`<div>
        <h3 title=${about}>${title}</h3>
        ${by(kind).map(({ name, title: called }) => html`<button aria-current=${name === wanted ? "true" : nothing} title=${name} @click=${() => this.#change(name)}>${shown(called)}</button>`)}
        ${by(kind).length ? nothing : html`<p class="none">none yet</p>`}</div>`)}
        <button aria-current=${wanted ? nothing : "true"} @click=${() => this.#change(HOW)}>How to measure more</button>
      </nav>
      <label class="choose">What was measured
        <select @change=${(event) => this.#change(event.target.value)}>
          <option value=${HOW} .selected=${!wanted}>How to measure more</option>
          ${KINDS.map(({ kind, title }) => by(kind).length ? html`<optgroup label=${title}>${by(kind).map(({ name, title: called }) => html`
            <option value=${name} .selected=${name === wanted}>${shown(called)}</option>`)}</optgroup>` : nothing)}
        </select></label>`;
  }

  #content() {
    const { title, lead, sections } = this._page;
    return html`<h2>${title}</h2>
      ${lead ? html`<p class="lead">${lead}</p>` : nothing}
      ${sections.length > 2 ? html`<div class="contents">${sections.map((section, place) => html`<button @click=${() => this.#to(place)}>${section.title}</button>`)}</div>` : nothing}
      ${sections.map((section) => html`<scores-section .section=${section} .dark=${this._found.dark}></scores-section>`)}`;
  }

  #to(place) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.renderRoot.querySelectorAll("scores-section")[place].scrollIntoView({ behavior: calm ? "auto" : "smooth" });
  }

  #empty() {
    const measured = this._found.found.some(({ kind }) => kind === "records");
    return html`<div class="empty">
      ${measured ? nothing : html`<p>Nothing was evaluated yet in the folder <span class="mono">${this._found.folder}</span>, where the studio was started.</p>`}
      <p class="muted">These commands measure something, and what they write is shown here:</p>
      <div class="ways">${KINDS.filter(({ command }) => command).map(({ title, about, command }) => html`<div class="card"><h3>${title}</h3>
        <p class="muted small">${about}</p><pre tabindex="0">${command}</pre></div>`)}</div></div>`;
  }

  #change(name) {
    this.dispatchEvent(new CustomEvent("state", { detail: { show: name }, bubbles: true, composed: true }));
  }
}

const shown = (title) => title.replace(/^seeread\//, "");
customElements.define("page-scores", Scores);
