// <compare-chosen>: the models that are compared, each with a button that takes it away, and a field that adds another
// by typing part of its name. `listed` is what there is. Event "models" with {names}.
import { LitElement, css, html, nothing, repeat } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";

const SHOWN = 40;
const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, " ");

/** What a model is called where there is little room. */
export const called = (listed, name) => (listed.find((one) => one.name === name)?.title ?? name).replace(/^seeread\//, "");

/** Parameters in a few letters: 7.06 B, 151 M. */
export const size = (count) => {
  if (!count) return "";
  const [value, unit] = count >= 1e9 ? [count / 1e9, "B"] : [count / 1e6, "M"];
  return `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
};

class Chosen extends LitElement {
  static properties = { chosen: { attribute: false }, listed: { attribute: false }, most: { type: Number }, _typed: { state: true }, _at: { state: true } };
  static styles = [look, css`
    .row { align-items: center; gap: .45rem; }
    .model { display: inline-flex; align-items: center; gap: .1rem; border: 1px solid var(--accent); background: var(--soft); color: var(--accent); border-radius: 2rem; padding: .1rem .2rem .1rem .8rem; font-weight: 550; max-width: 100%; }
    .model button { border: 0; background: none; color: inherit; padding: .1rem .5rem; border-radius: 50%; line-height: 1.2; }
    .model.unknown { border-color: var(--bad); color: var(--bad); background: var(--bad-soft); }
    .add { position: relative; flex: 1 1 12rem; max-width: 24rem; }
    .add input { border-radius: 2rem; padding-left: 1rem; }
    ul {
      position: absolute; z-index: 10; inset: calc(100% + .3rem) auto auto 0; width: min(30rem, 88vw); max-height: 22rem; overflow-y: auto;
      margin: 0; padding: .35rem; list-style: none; background: var(--page); border: 1px solid var(--line); border-radius: var(--round); box-shadow: var(--shadow);
    }
    .family { padding: .5rem .6rem .15rem; color: var(--muted); font-size: .75rem; letter-spacing: .04em; text-transform: uppercase; }
    .one { display: flex; gap: .8rem; justify-content: space-between; padding: .35rem .6rem; border-radius: .4rem; cursor: pointer; line-height: 1.35; }
    .one[aria-selected="true"] { background: var(--soft); }
    .one .muted { white-space: nowrap; }
  `];

  constructor() {
    super();
    this._typed = null;
    this._at = 0;
  }

  render() {
    const chosen = this.chosen ?? [];
    return html`<div class="row">
      ${repeat(chosen, (name) => name, (name) => {
        const known = this.listed.some((one) => one.name === name);
        return html`<span class="model ${known ? "" : "unknown"}">${called(this.listed, name)}
          <button title="Take ${name} away" aria-label="Take ${name} away" @click=${() => this.#say(chosen.filter((other) => other !== name))}>×</button></span>`;
      })}
      ${chosen.length < this.most ? html`<div class="add">
        <input role="combobox" aria-expanded=${String(this._typed !== null)} aria-controls="list" aria-autocomplete="list" autocomplete="off"
          aria-activedescendant=${this._typed === null ? nothing : `option-${this._at}`} aria-label="Add a model"
          placeholder=${chosen.length ? "Add a model" : "Type a model's name, such as LLaVA"} .value=${this._typed ?? ""}
          @input=${this.#typed} @focus=${this.#typed} @blur=${() => { this._typed = null; }} @keydown=${this.#key}>
        ${this._typed === null ? nothing : this.#list()}
      </div>` : nothing}
      ${chosen.length > 1 ? html`<button class="quiet" @click=${() => this.#say([])}>Clear</button>` : nothing}
    </div>`;
  }

  get #found() {
    const wanted = plain(this._typed ?? "").split(" ").filter(Boolean);
    const free = this.listed.filter(({ name }) => !this.chosen.includes(name));
    return free.filter((one) => wanted.every((word) => plain(`${one.title} ${one.family}`).includes(word))).slice(0, SHOWN);
  }

  #list() {
    const found = this.#found;
    if (!found.length) return html`<ul id="list" role="listbox"><li class="muted small" style="padding:.4rem .6rem">No model is called that</li></ul>`;
    return html`<ul id="list" role="listbox">${found.map((one, index) => html`
      ${one.family !== found[index - 1]?.family ? html`<li class="family" role="presentation">${one.family}</li>` : nothing}
      <li class="one" role="option" id="option-${index}" aria-selected=${String(index === this._at)}
        @pointerdown=${(event) => { event.preventDefault(); this.#take(one); }} @pointermove=${() => { this._at = index; }}>
        <span>${one.title.replace(/^seeread\//, "")}</span>
        <span class="muted small">${one.known === "reported" ? "from its paper" : size(one.parameters)}</span></li>`)}</ul>`;
  }

  #typed(event) {
    this._typed = event.target.value;
    this._at = 0;
  }

  #key(event) {
    const found = this.#found;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this._typed ??= "";
      this._at = (this._at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(found.length, 1);
      this.updateComplete.then(() => this.renderRoot.querySelector(`#option-${this._at}`)?.scrollIntoView({ block: "nearest" }));
    } else if (event.key === "Enter" && this._typed !== null && found[this._at]) {
      event.preventDefault();
      this.#take(found[this._at]);
    } else if (event.key === "Escape") {
      this._typed = null;
    } else if (event.key === "Backspace" && !event.target.value && this.chosen.length) {
      this.#say(this.chosen.slice(0, -1));
    }
  }

  #take({ name }) {
    this.renderRoot.querySelector("input").value = "";
    this._typed = null;
    this.#say([...this.chosen, name]);
  }

  #say(names) {
    this.dispatchEvent(new CustomEvent("models", { detail: { names } }));
  }
}
customElements.define("compare-chosen", Chosen);
