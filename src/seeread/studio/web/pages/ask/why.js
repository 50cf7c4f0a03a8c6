// <ask-why>: where an answer comes from. `body` is what /api/explain is asked. Shows the parts of the answer, each of
// which has a map, and how far it is to be believed. Event "shown" with {map}: what to draw over the picture.
import { LitElement, css, html, nothing, repeat, styleMap } from "/web/vendor/lit.js";
import { Asking } from "/web/parts/asking.js";
import { look } from "/web/parts/look.js";
import { heatColour } from "/web/parts/pictures/ramp.js";
import "/web/parts/busy.js";
import "/web/parts/trouble.js";

const COMPARED = "(to compare with)";
const CONTROLS = { random: "random maps", centre: "the middle", edges: "edges" };

class Why extends LitElement {
  static properties = {
    body: { attribute: false }, _method: { state: true }, _chosen: { state: true }, _found: { state: true },
  };
  static styles = [look, css`
    section {
      border: 1px solid var(--line); border-radius: var(--round); padding: .9rem 1rem; display: grid; gap: .8rem;
      background: var(--raised);
    }
    .head { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: end; }
    .head label { flex: 0 1 13rem; min-width: 0; }
    .parts { display: flex; flex-wrap: wrap; gap: .3rem; }
    .parts button { padding: .15rem .55rem; background: var(--page); }
    .parts button[aria-pressed="true"] {
      background: var(--accent); color: var(--on-accent); border-color: var(--accent);
    }
    .parts .doubted { border-style: dashed; color: var(--muted); }
    .verdict { font-weight: 600; }
    .verdict.believed { color: var(--good); }
    .verdict.doubted { color: var(--warn); }
    .unproven { color: var(--warn); }
    .scale {
      display: grid; grid-template-columns: auto 1fr auto; gap: .2rem .7rem; align-items: center;
      font-size: .85rem;
    }
    .track { position: relative; height: .55rem; border-radius: .3rem; background: var(--line); overflow: hidden; }
    .track div { position: absolute; inset: 0 auto; border-radius: .3rem; background: var(--muted); opacity: .6; }
    .own .track div { background: var(--accent); opacity: 1; }
    .own { font-weight: 600; }
    .scale > div { display: contents; }
    .legend { height: .6rem; border-radius: .3rem; }
    .ends {
      display: flex; justify-content: space-between; font-size: .78rem; color: var(--muted); margin-top: .15rem;
    }
    select { padding: .25rem .5rem; font-size: .875rem; }
    p { font-size: .9rem; }
  `];

  #maps = new Asking(this); // at once, untested
  #tests = new Asking(this); // the same, put to the test
  #home = null;

  willUpdate(changed) {
    if (changed.has("body") && JSON.stringify(this.body) !== JSON.stringify(changed.get("body"))) {
      this._method = this.body?.method ?? "";
      this.#begin();
    }
  }

  connectedCallback() {
    super.connectedCallback();
    this.#home = this.getRootNode().host;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#say(null, this.#home); // from where it was: it is nowhere now
  }

  async #begin() {
    this.#tests.forget();
    this._found = null;
    const body = { ...this.body, ...(this._method ? { method: this._method } : {}) };
    const drawn = await this.#maps.ask("/api/explain", { ...body, checks: 0 });
    if (!drawn) return;
    this._found = drawn;
    this.#choose(Math.min(this._chosen ?? 0, drawn.maps.length - 1));
    const answered = drawn.answer ? { answer: drawn.answer } : {};
    const told = await this.#tests.ask("/api/explain", { ...body, ...answered });
    if (!told) return;
    this._found = told;
    this.#choose(Math.min(this._chosen, told.maps.length - 1));
  }

  render() {
    const map = this._found?.maps[this._chosen];
    const { trouble, busy, progress } = this.#maps;
    return html`<section aria-label="Where it comes from">
      <div class="head"><h3>Where it comes from</h3>${this.#methods()}</div>
      ${trouble ? html`<sr-trouble .message=${trouble}></sr-trouble>` : nothing}
      ${busy ? html`<sr-busy .progress=${progress} stoppable @stop=${() => this.#maps.stop()}></sr-busy>` : nothing}
      ${map ? html`${this.#parts()}${legend(map)}${this.#belief(map)}${this.#notes()}` : nothing}
    </section>`;
  }

  /** To choose another, where several fit. */
  #methods() {
    const { methods = [], method } = this._found ?? {};
    if (methods.length < 2) return nothing;
    return html`<label>Method <select @change=${this.#other}>
      ${methods.map(({ name, kind }) => html`
        <option value=${name} .selected=${name === method.name}>${name} ${kind === "baseline" ? COMPARED : ""}</option>`)}
    </select></label>`;
  }

  /** Whatever has a map of its own: labels, words, boxes. */
  #parts() {
    const { maps } = this._found;
    if (maps.length < 2) return nothing;
    return html`<div class="parts" role="group" aria-label="Parts of the answer">
      ${repeat(maps, (_, index) => index, ({ about, kind, faithfulness }, index) => {
        const choose = () => this.#choose(index);
        return html`<button class=${faithfulness?.believed === false ? "doubted" : ""}
          aria-pressed=${String(index === this._chosen)} @click=${choose} @pointerenter=${choose} @focus=${choose}
          >${kind === "answer" ? "the whole answer" : about}</button>`;
      })}
    </div>`;
  }

  /** The score of the map beside those of maps that know nothing. */
  #belief({ faithfulness }) {
    const { busy, trouble, progress } = this.#tests;
    if (busy) {
      return html`<sr-busy .progress=${{ ...progress, what: "Testing how far to believe it" }} stoppable
        @stop=${() => this.#tests.stop()}></sr-busy>`;
    }
    if (trouble) return html`<sr-trouble .message=${trouble}></sr-trouble>`;
    if (!faithfulness) return html`<p class="muted">How far to believe this map was not tested.</p>`;
    const controls = Object.entries(faithfulness.controls);
    const others = controls.map(([name, score]) => [CONTROLS[name] ?? name, score]);
    return html`
      <p class="verdict ${faithfulness.believed ? "believed" : "doubted"}">${faithfulness.verdict}</p>
      ${scale([["this map", faithfulness.score], ...others])}
      <p class="muted">How much more the answer suffers when the picture is blurred where the map is hot than where it
        is cold; higher is better, and a map is worth something only above all others.</p>`;
  }

  #notes() {
    const { method, notes, record } = this._found;
    const tested = this._found === this.#tests.result;
    const said = notes.filter((note) => tested || !note.includes("not tested"));
    return html`
      ${record ? html`<p class=${record.proven === false ? "unproven" : ""}>${record.sentence}</p>` : nothing}
      <p class="muted">${method.summary} ${/^arXiv/.test(method.source) ? `(${method.source})` : nothing}</p>
      ${said.map((note) => html`<p class="muted">${note}</p>`)}`;
  }

  #other(event) {
    this._method = event.target.value;
    this.#begin();
  }

  #choose(index) {
    this._chosen = index;
    this.#say(this._found.maps[index]);
  }

  #say(map, from = this) {
    from.dispatchEvent(new CustomEvent("shown", { detail: { map }, bubbles: true, composed: true }));
  }
}

/** What the colours say. */
function legend({ faithfulness }) {
  const believed = faithfulness?.believed !== false;
  const steps = [0, 0.2, 0.4, 0.6, 0.8, 1].map((share) => heatColour(share, believed));
  return html`<div>
    <div class="legend" style=${styleMap({ background: `linear-gradient(to right, ${steps.join(", ")})` })}></div>
    <div class="ends"><span>nothing came from there</span><span>most came from there</span></div>
  </div>`;
}

/** Scores, [name, score] each, as bars from 0, below it to the left; the first is the map's own. */
function scale(rows) {
  const scores = rows.map(([, score]) => score);
  const low = Math.min(0, ...scores), high = Math.max(0.01, ...scores);
  const share = (score) => (score - low) / (high - low);
  return html`<div class="scale">${rows.map(([name, score], index) => {
    const [from, to] = [share(0), share(score)].sort((a, b) => a - b);
    const bar = { left: `${100 * from}%`, width: `${Math.max(100 * (to - from), 1)}%` };
    return html`<div class=${index ? "" : "own"}>
      <span>${name}</span><span class="track"><div style=${styleMap(bar)}></div></span>
      <span class="number">${score.toFixed(2)}</span>
    </div>`;
  })}</div>`;
}
customElements.define("ask-why", Why);
