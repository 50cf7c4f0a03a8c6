// <inside-looks>: who looks at whom. Point at a token or a cell: the others show how much it looks at them, by layer and
// head. `run` is the outline, `asked` {model, picture, text} of it; `look`, `item`, `head` (-1: the mean of all) and
// `query` are what is looked at. Event "looking" with what changes of these.
import { LitElement, css, html, nothing, repeat, styleMap } from "/web/vendor/lit.js";
import { post } from "/web/api.js";
import { look } from "/web/parts/look.js";
import { heatColour } from "/web/parts/pictures/ramp.js";
import "/web/parts/trouble.js";
import { named, percent, pictured, thumbnail, written } from "/web/pages/inside/drawing.js";
import { style } from "/web/pages/inside/style.js";

const PARTS = [
  [/^vision\./, "Image tower"], [/^image_pool\./, "Pooling"], [/^resampler\./, "Resampler"], [/^(gates|cross)\./, "Words look at the picture"],
  [/^text\.encoder\./, "Encoder"], [/^text\.decoder\..*cross_attention/, "Answer looks at what was read"], [/^text\.decoder\./, "Decoder"],
  [/^text\./, "Words"], [/^latents\.readers/, "Latents read the picture"], [/^latents\./, "Latents"], [/^decoder\./, "The answer is asked for"],
];

/** The attentions by the part of the model that they are in: [{title, looks}]. */
export function parted(looks) {
  const parts = new Map();
  for (const one of looks) {
    const title = one.crosses && /^text\.transformer/.test(one.path) ? "Words and picture together" : PARTS.find(([pattern]) => pattern.test(one.path))?.[1] ?? "Attention";
    parts.set(title, [...(parts.get(title) ?? []), one]);
  }
  return [...parts].map(([title, members]) => ({ title, looks: members }));
}

class Looks extends LitElement {
  static properties = {
    run: { attribute: false }, asked: { attribute: false }, look: { type: Number }, item: { type: Number }, head: { type: Number }, query: { type: Number },
    _ends: { state: true }, _map: { state: true }, _over: { state: true }, _trouble: { state: true },
  };
  static styles = [look, style, css`
    .choose { display: grid; gap: .5rem; }
    .line { display: flex; flex-wrap: wrap; gap: .3rem; align-items: center; }
    .line > span:first-child { min-width: 5.2rem; color: var(--muted); font-size: .875rem; }
    .line button { padding: .15rem .6rem; min-width: 2.1rem; }
    .board { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: start; }
    .board > .texts { flex: 1 1 18rem; min-width: 0; display: grid; gap: .7rem; }
    .grid { position: relative; display: grid; width: min(20rem, 84vw); border-radius: .3rem; overflow: hidden; }
    .grid::before { content: ""; position: absolute; inset: 0; background: var(--picture) 0 0 / 100% 100%; filter: grayscale(.75); }
    .grid button { padding: 0; border: 0; border-radius: 0; background: none; min-width: 0; position: relative; aspect-ratio: var(--aspect); }
    .grid button:hover { outline: 1px solid #fff; }
    .grid button.here, .grid button:focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; z-index: 1; }
    .token { cursor: pointer; position: relative; }
    .token.here { outline: 2px solid var(--accent); outline-offset: 1px; }
    .token:disabled { cursor: default; opacity: 1; }
    figure { margin: 0; display: grid; gap: .35rem; }
    figcaption, .caption { color: var(--muted); font-size: .82rem; }
    .scale { display: inline-block; width: 6rem; height: .6rem; border-radius: .3rem; vertical-align: middle; }
    .cell { white-space: nowrap; }
    .token.learned:has(i) { padding: .1rem; border-style: solid; }
    .texts > .note { min-height: 6.2rem; } /* or what is pointed at would move away as the words change */
  `];

  #ends = new Map();
  #maps = new Map();

  willUpdate(changed) {
    if (changed.has("run") && changed.get("run")) {
      this.#ends.clear();
      this.#maps.clear();
    }
    if (["run", "look", "item", "head"].some((name) => changed.has(name))) this.#ask();
  }

  async #ask() {
    const where = { ...this.asked, look: this.look, item: this.item };
    const [run, place, head] = [this.run, `${this.look} ${this.item}`, this.head];
    try {
      this._trouble = "";
      if (!this.#ends.has(place)) this.#ends.set(place, await post("/api/inside/ends", where));
      if (!this.#maps.has(`${place} ${head}`)) this.#maps.set(`${place} ${head}`, await post("/api/inside/attention", { ...where, ...(head < 0 ? {} : { head }), query: this.query }));
      if (run !== this.run || place !== `${this.look} ${this.item}` || head !== this.head) return;
      this._ends = this.#ends.get(place);
      this._map = this.#maps.get(`${place} ${head}`);
    } catch (error) {
      this._trouble = error.message;
    }
  }

  get #query() {
    return Math.min(this._over ?? this.query, (this._ends?.queries.length ?? 1) - 1);
  }

  get #row() {
    return this._map?.rows[this.#query - this._map.first];
  }

  render() {
    if (this._trouble) return html`<sr-trouble .message=${this._trouble} again @again=${this.#ask}></sr-trouble>`;
    const chosen = this.run.looks[this.look];
    const parts = parted(this.run.looks);
    const part = parts.find(({ looks }) => looks.includes(chosen)) ?? parts[0];
    return html`
      <div class="choose">
        ${parts.length > 1 ? html`<div class="line"><span>Part</span>${parts.map((one) => html`
          <button aria-pressed=${String(one === part)} @click=${() => this.#say({ look: one.looks.at(-1).number, item: 0 })}>${one.title}</button>`)}</div>` : nothing}
        <div class="line"><span>Layer</span>${part.looks.map((one, place) => html`
          <button aria-pressed=${String(one === chosen)} title=${one.path} @click=${() => this.#say({ look: one.number })}>${place + 1}</button>`)}</div>
        <div class="line"><span>Head</span><button aria-pressed=${String(this.head < 0)} @click=${() => this.#say({ head: -1 })}>mean of all</button>
          ${Array.from({ length: chosen.heads }, (_, head) => html`<button aria-pressed=${String(head === this.head)} @click=${() => this.#say({ head })}>${head + 1}</button>`)}</div>
        ${chosen.items > 1 ? html`<div class="line"><span>${this.run.texts.length > 1 ? "Text" : "Tile"}</span>${Array.from({ length: chosen.items }, (_, item) => html`
          <button aria-pressed=${String(item === this.item)} @click=${() => this.#say({ item, query: 0 })}>${this.run.result.labels?.[item] ?? (item === 0 ? "the whole" : `tile ${item}`)}</button>`)}</div>` : nothing}
      </div>
      ${this._ends && this.#row ? this.#board() : nothing}`;
  }

  #board() {
    const { queries, keys } = this._ends;
    const row = this.#row;
    const same = queries.length === keys.length && queries.every((place, number) => named(place, this.run.views) === named(keys[number], this.run.views));
    const [cells, others] = [true, false].map((cell) => row.filter((_, key) => (keys[key].kind === "cell") === cell));
    const most = Math.max(...others, 1e-12);
    const asker = queries[this.#query];
    const decides = same && asker.role === "prompt" && queries[this.#query + 1]?.role === "answer";
    const best = row.map((share, key) => ({ share, key })).sort((one, other) => other.share - one.share).slice(0, 5);
    const now = named(queries[this.#query], this.run.views);
    return html`
      ${same ? nothing : html`<div><div class="caption">Choose who looks:</div>${this.#tokens(queries, true, null, most)}</div>`}
      <div class="board">
        ${this.run.views.map((view, number) => this.#grid(view, number, keys, row, Math.max(...cells, 1e-12), same))}
        <div class="texts">
          ${keys.some(({ kind }) => kind !== "cell") ? html`<div><div class="caption">${same ? "Point at one to see what it looks at" : "What is looked at"}</div>${this.#tokens(keys, same, row, most)}</div>` : nothing}
          <p class="note" aria-live="polite"><b>${now}</b>${decides ? " (the last before the answer: what it takes in decides the first word)" : ""} looks at ${best.map(({ share, key }, place) => html`${place ? ", " : ""}${pictured(keys[key], this.run.views)} <b class="number">${percent(share)}</b>`)}.</p>
          <div class="caption"><span class="scale" style="background:linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map((share) => heatColour(share)).join(",")})"></span>
            ${[[cells, "the picture"], [others, cells.length ? "the rest" : "all"]].filter(([shares]) => shares.length).map(([shares, what], place) => html`${place ? "; " : "from 0 to the most: "}<b>${what}</b> gets ${percent(shares.reduce((sum, one) => sum + one, 0))} in all, at most ${percent(Math.max(...shares))}`)}.</div>
        </div>
      </div>`;
  }

  /** The cells of a view that are looked at, or that may look. */
  #grid(view, number, keys, row, most, same) {
    const cells = keys.map((place, key) => ({ place, key })).filter(({ place }) => place.kind === "cell" && place.view === number);
    if (!cells.length) return nothing;
    const [width, height] = [view.width / view.columns, view.height / view.rows];
    return html`<figure>
      <div class="grid" style=${styleMap({ gridTemplateColumns: `repeat(${view.columns}, 1fr)`, "--picture": `url("${view.picture}")`, "--aspect": String(width / height) })} @pointerleave=${() => { this._over = null; }} @keydown=${(event) => this.#key(event, cells)}>
        ${repeat(cells, ({ key }) => key, ({ place, key }) => html`
          <button class=${same && key === this.#query ? "here" : ""} ?disabled=${!same} title="${named(place, this.run.views)}: ${percent(row[key])}" tabindex=${same && key === this.#query ? 0 : -1}
            style=${styleMap({ gridRow: place.row + 1, gridColumn: place.column + 1, background: shaded(row[key] / most) })}
            @pointerenter=${() => { if (same) this.#hover(key); }} @click=${() => same && this.#say({ query: key })}></button>`)}
      </div><figcaption>${view.name}</figcaption></figure>`;
  }

  #tokens(places, choosable, row, most) {
    const kept = places.map((place, number) => ({ place, number })).filter(({ place }) => choosable && !row ? true : place.kind !== "cell");
    return html`<div class="tokens">${kept.map(({ place, number }) => html`
      <button class="token ${place.kind === "word" ? place.role : "learned"} ${choosable && number === this.#query ? "here" : ""}" ?disabled=${!choosable}
        title="${named(place, this.run.views)}${row ? `: ${percent(row[number])}` : ""}" style=${styleMap(row ? tinted(row[number] / most) : {})}
        @pointerenter=${() => { if (choosable) this.#hover(number); }} @pointerleave=${() => { this._over = null; }} @click=${() => choosable && this.#say({ query: number })}>${this.#face(place)}</button>`)}</div>`;
  }

  /** Arrow keys go from cell to cell. */
  #key(event, cells) {
    const [down, across] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    const from = cells.find(({ key }) => key === this.#query)?.place;
    const next = from && cells.find(({ place }) => place.row === from.row + down && place.column === from.column + across);
    if (!next || !(down || across)) return;
    event.preventDefault();
    this.#say({ query: next.key });
    this.updateComplete.then(() => this.renderRoot.querySelector(".grid .here")?.focus());
  }

  #face(place) {
    if (place.kind === "word") return written(place.text);
    if (place.kind !== "cell") return place.text;
    return html`<i style=${thumbnail(this.run.views[place.view], place.row, place.column, 1.3)}></i>`;
  }

  #hover(query) {
    if (this._map.rows.length === 1 && this._map.first !== query) return; // a large map: only what is chosen is fetched
    this._over = query;
  }

  #say(detail) {
    this._over = null;
    if ("query" in detail && !this._map.rows[detail.query - this._map.first]) this.#maps.clear();
    this.dispatchEvent(new CustomEvent("looking", { detail, bubbles: true, composed: true }));
  }
}

const shaded = (share) => `color-mix(in srgb, ${heatColour(share)} ${Math.round(10 + 72 * share)}%, transparent)`;
const tinted = (share) => (share < 0.02 ? {} : {
  background: `color-mix(in srgb, ${heatColour(share)} ${Math.round(12 + 68 * share)}%, var(--page))`,
  ...(share > 0.55 ? { color: "#1b1712" } : {}), // on what is bright by day and by night
});
customElements.define("inside-looks", Looks);
