// <inside-read>: the words as tokens; <inside-joined>: the picture as tokens, and both as one sequence.
import { LitElement, css, html, nothing, styleMap } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import { named, shape, shown, strip, thumbnail, written } from "/web/pages/inside/drawing.js";
import { style } from "/web/pages/inside/style.js";

class Read extends LitElement {
  static properties = { run: { attribute: false }, _over: { state: true } };
  static styles = [look, style, css`
    .token { flex-direction: column; align-items: stretch; cursor: default; padding: .15rem .45rem .2rem; }
    .token small { color: var(--muted); font-size: .7rem; font-variant-numeric: tabular-nums; text-align: center; }
    .token:hover { border-color: var(--accent); }
    .text + .text { margin-top: .5rem; }
  `];

  render() {
    const over = this._over;
    return html`
      ${this.run.texts.map((text) => html`<div class="text tokens">${this.#kept(text.tokens).map((token) => token.more
        ? html`<span class="muted small">${token.more} place${token.more === 1 ? "" : "s"} for the picture</span>`
        : html`<span class="token ${token.role}" tabindex="0" @pointerenter=${() => { this._over = token; }} @focus=${() => { this._over = token; }}>${written(token.text)}<small>${token.id}</small></span>`)}</div>`)}
      <div class="note" aria-live="polite">${over ? html`<b>“${written(over.text)}”</b> is number ${over.id.toLocaleString("en")} of the vocabulary${over.numbers ? html`;
        its vector of ${this.run.texts[0].width} numbers begins ${over.numbers.slice(0, 5).map((one) => shown(one)).join(", ")} … and is ${shown(over.length, 1)} long.
        ${strip(over.numbers, { label: "The first numbers of its vector." })}` : "."}` : "Point at a token to see the vector that it becomes."}</div>`;
  }

  /** Places of the picture are told as one. */
  #kept(tokens) {
    const kept = [];
    for (const token of tokens) {
      if (token.role !== "image") kept.push(token);
      else if (kept.at(-1)?.more) kept.at(-1).more++;
      else kept.push({ more: 1 });
    }
    return kept;
  }
}
customElements.define("inside-read", Read);

class Joined extends LitElement {
  static properties = { run: { attribute: false }, _over: { state: true } };
  static styles = [look, style, css`
    .grid { display: grid; gap: 3px; width: fit-content; }
    .grid span { cursor: default; }
    .grid span:hover, .picture:hover { outline: 2px solid var(--accent); }
    .both { display: flex; flex-wrap: wrap; gap: 1.2rem; }
    .both .note { flex: 1 1 16rem; align-self: stretch; }
    .sequence { max-height: 15rem; overflow-y: auto; padding: .1rem; }
    .picture { border-radius: .25rem; }
    .line { color: var(--muted); font-size: .75rem; }
  `];

  render() {
    const { joined, views } = this.run;
    return html`
      ${joined.tokens.length ? this.#tokens() : joined.vector ? html`
        <p>All of the picture becomes one vector, ${shape(joined.shape.slice(1))} numbers. It begins:</p>${strip(joined.vector, { label: "The vector of the picture." })}` : nothing}
      ${joined.places.length ? html`<h3>${joined.places.some(({ role, kind }) => role === "picture" && kind === "cell") ? "Joined with the words" : "What is read"}</h3>
        <p class="muted small">${joined.places.length} tokens in this order. What is read before is to the left.</p>
        <div class="tokens sequence">${joined.places.map((place) => this.#place(place, views))}</div>` : nothing}`;
  }

  #tokens() {
    const { joined, views } = this.run;
    const places = joined.places.filter(({ role, kind }) => role === "picture" && kind === "cell");
    const cells = places.length === joined.tokens.length ? places : [];
    const over = this._over ?? 0;
    const token = joined.tokens[over];
    const columns = cells.length ? views[cells[0].view].columns : Math.ceil(Math.sqrt(joined.tokens.length));
    return html`<p>The ${joined.path === "resampler" ? "resampler" : "connector"} gives ${joined.tokens.length} tokens of ${joined.shape.at(-1)} numbers each${this.#wide()}.</p>
      <div class="both">
        <div class="grid" style=${styleMap({ gridTemplateColumns: `repeat(${columns}, auto)` })}>${joined.tokens.map((one, place) => html`
          <span tabindex="0" @pointerenter=${() => { this._over = place; }} @focus=${() => { this._over = place; }}>${cells[place]
            ? html`<i style=${thumbnail(views[cells[place].view], cells[place].row, cells[place].column, columns > 10 ? 1.1 : 2)}></i>` : html`<i class="token learned">${place + 1}</i>`}</span>`)}
        </div>
        <div class="note"><b>${cells[over] ? named(cells[over], views) : `Token ${over + 1}`}</b>: a vector of length ${shown(token.length, 1)}, which begins
          ${token.numbers.slice(0, 5).map((one) => shown(one)).join(", ")} …
          ${strip(token.numbers, { label: "The first numbers of its vector." })}
          ${token.nearest.length ? html`<p class="small" style="margin-top:.4rem">Of all words it points most like ${token.nearest.map((word, place) => html`${place ? ", " : ""}<b>“${written(word.text)}”</b> (cosine ${shown(word.value)})`)}.
            <span class="muted">${token.nearest[0].value < 0.4 ? "That is not much alike: tokens of the picture need not be words." : ""}</span></p>` : nothing}</div>
      </div>`;
  }

  #wide() {
    const width = this.run.texts[0]?.width;
    return width === this.run.joined.shape.at(-1) ? ", as wide as those of words" : "";
  }

  #place(place, views) {
    if (place.kind === "cell") return html`<i class="picture" title=${named(place, views)} style=${thumbnail(views[place.view], place.row, place.column, 1.5)}></i>`;
    if (place.kind === "line") return html`<span class="line" title="end of a line of patches">⏎</span>`;
    return html`<span class="token ${place.kind === "word" ? place.role : "learned"}">${place.role === "picture" ? "the picture" : written(place.text)}</span>`;
  }
}
customElements.define("inside-joined", Joined);
