// <inside-play>: one look of one head, step by step with its numbers. `run`, `asked`, `look`, `item`, `head`, `query` as of
// <inside-looks>; `stage` is how far it has gone, from 0. Event "looking" with {stage}.
import { LitElement, css, html, nothing, styleMap } from "/web/vendor/lit.js";
import { post } from "/web/api.js";
import { look } from "/web/parts/look.js";
import "/web/parts/trouble.js";
import { named, percent, pictured, shown, strip } from "/web/pages/inside/drawing.js";
import { style } from "/web/pages/inside/style.js";

export const STAGES = ["The question and the offers", "Similarities", "Softmax: shares", "Weighted sum", "The fused vector"];
const SHOWN = 8; // keys that are shown one by one, those with the largest shares
const PACE = 2200; // milliseconds a stage

class Play extends LitElement {
  static properties = {
    run: { attribute: false }, asked: { attribute: false }, look: { type: Number }, item: { type: Number }, head: { type: Number }, query: { type: Number }, stage: { type: Number },
    _steps: { state: true }, _ends: { state: true }, _playing: { state: true }, _trouble: { state: true },
  };
  static styles = [look, style, css`
    .control { display: flex; flex-wrap: wrap; gap: .35rem; align-items: center; }
    .control ol { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem; margin: 0; padding: 0; }
    .control li button { padding: .2rem .65rem; border-radius: 1rem; font-size: .86rem; }
    table { font-size: .85rem; table-layout: fixed; min-width: 34rem; }
    th, td { padding: .3rem .5rem; vertical-align: middle; border: 0; border-bottom: 1px solid var(--line); }
    th { color: var(--muted); font-weight: 500; }
    td.name { font-weight: 560; }
    td.figure, th.figure { text-align: right; width: 5.2rem; white-space: nowrap; }
    .bar { height: .8rem; background: var(--accent); border-radius: .25rem; min-width: 1px; transition: width .5s; }
    .off { visibility: hidden; }
    .late { animation: come .5s; }
    @keyframes come { from { opacity: 0; transform: translateY(-.3rem); } }
    .formula { font-family: var(--mono); font-size: .84rem; overflow-x: auto; white-space: nowrap; padding: .5rem .7rem; background: var(--raised); border-radius: .4rem; }
    .vector { display: grid; grid-template-columns: 9.5rem 1fr; gap: .3rem .8rem; align-items: center; font-size: .88rem; }
    @media (max-width: 560px) { .vector { grid-template-columns: 1fr; } }
  `];

  #timer = 0;

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stop();
  }

  willUpdate(changed) {
    if (["run", "look", "item", "head", "query"].some((name) => changed.has(name))) this.#ask();
  }

  async #ask() {
    const where = { ...this.asked, look: this.look, item: this.item };
    const wanted = (this.#wanted = Symbol("asked"));
    try {
      this._trouble = "";
      const [ends, steps] = await Promise.all([
        post("/api/inside/ends", where), post("/api/inside/steps", { ...where, head: Math.max(this.head, 0), query: this.query }),
      ]);
      if (wanted === this.#wanted) [this._ends, this._steps] = [ends, steps];
    } catch (error) {
      if (wanted === this.#wanted) this._trouble = error.message;
    }
  }

  #wanted = null;

  render() {
    if (this._trouble) return html`<sr-trouble .message=${this._trouble} again @again=${this.#ask}></sr-trouble>`;
    if (!this._steps || !this._ends.queries[this.query]) return nothing;
    const now = named(this._ends.queries[this.query], this.run.views);
    return html`
      <p><b>${now}</b> asks in head ${Math.max(this.head, 0) + 1}${this.head < 0 ? " (choose another above)" : ""}; ${this._ends.keys.length} tokens offer something.</p>
      <div class="control">
        <button class="main" @click=${this.#turn}>${this._playing ? "Pause" : this.stage >= STAGES.length - 1 ? "Play again" : "Play"}</button>
        <ol>${STAGES.map((title, stage) => html`<li><button aria-pressed=${String(stage === this.stage)} @click=${() => { this.#stop(); this.#say(stage); }}>${stage + 1}. ${title}</button></li>`)}</ol>
      </div>
      <div class="note" aria-live="polite">${this.#told()}</div>
      <div class="scroll">${this.#table()}</div>
      ${this.stage >= 3 ? this.#sum() : nothing}`;
  }

  #best() {
    const { shares, similarities } = this._steps;
    return shares.map((share, key) => ({ share, key })).filter(({ key }) => similarities[key] !== null).sort((one, other) => other.share - one.share).slice(0, SHOWN);
  }

  #told() {
    const steps = this._steps;
    const { key } = this.#best()[0];
    const name = named(this._ends.keys[key], this.run.views);
    const width = steps.query.length;
    const total = steps.exponentials.reduce((sum, one) => sum + one, 0);
    const products = steps.query.slice(0, 3).map((one, place) => `${shown(one)} × ${shown(steps.keys[key][place])}`).join(" + ");
    return [
      html`The asking token has made a question of itself, a vector of ${width} numbers (the query). Every token has made an offer of as many (its key), and of what it would give (its value).`,
      html`How well does an offer fit the question? Number by number they are multiplied, and all ${width} products are added. For ${name}:
        <div class="formula">${products} + … = ${shown(steps.products[key])};  × ${shown(steps.scale, 4)}${steps.softcap ? `, capped at ${steps.softcap}` : ""} = ${shown(steps.similarities[key])}</div>`,
      html`Similarities become shares: e to the power of each (less the largest, so that no number runs away), divided by the sum of all, ${shown(total, 3)}. For ${name}:
        <div class="formula">e^(${shown(steps.similarities[key])} − ${shown(Math.max(...steps.similarities.filter((one) => one !== null)))}) / ${shown(total, 3)} = ${percent(steps.shares[key])}</div>`,
      html`Every value is taken by its share, and all are added. The first number of what is taken home:
        <div class="formula">${this.#best().slice(0, 3).map(({ share, key: one }) => `${shown(share, 3)} × ${shown(steps.values[one][0])}`).join(" + ")} + … = ${shown(steps.taken[0])}</div>`,
      html`${steps.added ? html`What this head has taken home goes through its part of the layer that puts the heads together, and is added to the token, ${steps.added.length} numbers: now the asking token has in it what it looked at.` : "That is what this head hands on."}`,
    ][this.stage];
  }

  #table() {
    const steps = this._steps;
    const best = this.#best();
    const hidden = steps.similarities.filter((one) => one === null).length;
    const rest = steps.shares.length - best.length - hidden;
    const left = 1 - best.reduce((sum, { share }) => sum + share, 0);
    const most = Math.max(...best.flatMap(({ key }) => [...steps.keys[key], ...steps.query].map(Math.abs)));
    const strong = Math.max(...best.flatMap(({ key }) => steps.values[key].map(Math.abs)));
    const off = (stage) => (this.stage >= stage ? "late" : "off");
    return html`<table>
      <thead><tr><th style="width:24%">offered by</th><th>${this.stage >= 3 ? "value" : "key"}</th><th class="figure ${off(1)}">similarity</th><th class="figure ${off(2)}">share</th><th class=${off(2)} style="width:24%"></th></tr></thead>
      <tbody>
        ${this.stage < 3 ? html`<tr><td class="name">the question</td><td>${strip(steps.query, { most, label: "The query." })}</td><td></td><td></td><td></td></tr>` : nothing}
        ${best.map(({ key, share }) => html`<tr>
          <td class="name">${pictured(this._ends.keys[key], this.run.views)}</td>
          <td>${this.stage >= 3 ? strip(steps.values[key], { most: strong, label: "Its value." }) : strip(steps.keys[key], { most, label: "Its key." })}</td>
          <td class="figure ${off(1)}">${shown(steps.similarities[key])}</td>
          <td class="figure ${off(2)}">${percent(share)}</td>
          <td class=${off(2)}><div class="bar" style=${styleMap({ width: `${100 * share}%` })}></div></td></tr>`)}
        ${hidden ? html`<tr><td class="muted" colspan="3">${hidden} at which it may not look: they come later</td><td class="figure muted ${off(2)}">0 %</td><td></td></tr>` : nothing}
        ${rest > 0 ? html`<tr><td class="muted">${rest} more</td><td></td><td></td><td class="figure muted ${off(2)}">${percent(Math.max(left, 0))}</td><td class=${off(2)}><div class="bar" style=${styleMap({ width: `${100 * Math.max(left, 0)}%`, opacity: 0.4 })}></div></td></tr>` : nothing}
      </tbody></table>`;
  }

  #sum() {
    const { taken, added } = this._steps;
    const long = (vector) => Math.hypot(...vector);
    return html`<div class="vector late">
      <span>taken home, ${taken.length} numbers, length ${shown(long(taken))}</span>${strip(taken, { label: "The weighted sum.", height: "1.6rem" })}
      ${this.stage >= 4 && added ? html`<span>added to the token, ${added.length} numbers, length ${shown(long(added))}</span>${strip(added, { label: "What is added.", height: "1.6rem" })}` : nothing}
    </div>`;
  }

  #turn() {
    if (this._playing) return this.#stop();
    this._playing = true;
    if (this.stage >= STAGES.length - 1) this.#say(0);
    this.#timer = setInterval(() => {
      this.#say(this.stage + 1);
      if (this.stage >= STAGES.length - 1) this.#stop();
    }, PACE);
  }

  #stop() {
    clearInterval(this.#timer);
    this._playing = false;
  }

  #say(stage) {
    this.stage = stage;
    this.dispatchEvent(new CustomEvent("looking", { detail: { stage }, bubbles: true, composed: true }));
  }
}
customElements.define("inside-play", Play);
