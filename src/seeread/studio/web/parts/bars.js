// <sr-bars>: labels with bars. `bars` are {label, value, shown, note, marked}; values are from 0 to `most` (1). With
// `choosable` a label is a button: event "choose" with {label, index}.
import { LitElement, css, html, nothing, repeat, styleMap } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";

class Bars extends LitElement {
  static properties = {
    bars: { attribute: false }, most: { type: Number }, choosable: { type: Boolean }, chosen: {},
  };
  static styles = [look, css`
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .15rem; }
    li {
      display: grid; grid-template-columns: minmax(5rem, 11rem) minmax(3rem, 1fr) 4.2rem; gap: .7rem;
      align-items: center; padding: .2rem .35rem; border-radius: .4rem;
    }
    li.chosen { background: var(--soft); }
    .label { min-width: 0; line-height: 1.3; }
    li.marked .label { font-weight: 650; }
    button.label { text-align: left; padding: 0; border: 0; background: none; border-radius: .2rem; }
    button.label:hover { text-decoration: underline; text-underline-offset: .2em; }
    .track { height: .7rem; background: var(--raised); border-radius: .35rem; overflow: hidden; }
    .bar {
      height: 100%; background: var(--muted); opacity: .55; border-radius: .35rem; transition: width .35s ease-out;
      min-width: 2px;
    }
    li.marked .bar { background: var(--accent); opacity: 1; }
    .shown { text-align: right; font-variant-numeric: tabular-nums; }
    .note { grid-column: 1 / -1; color: var(--muted); font-size: .8rem; margin-top: -.15rem; }
  `];

  render() {
    const most = this.most || 1;
    const share = (value) => Math.min(Math.max(value / most, 0), 1);
    return html`<ol>${repeat(this.bars ?? [], ({ label }) => label, (bar, index) => html`
      <li class="${bar.marked ? "marked" : ""} ${this.chosen === bar.label ? "chosen" : ""}">
        ${this.#label(bar.label, index)}
        <span class="track" aria-hidden="true">
          <div class="bar" style=${styleMap({ width: `${100 * share(bar.value)}%` })}></div>
        </span>
        <span class="shown">${bar.shown ?? bar.value.toFixed(2)}</span>
        ${bar.note ? html`<span class="note">${bar.note}</span>` : nothing}
      </li>`)}</ol>`;
  }

  #label(label, index) {
    if (!this.choosable) return html`<span class="label">${label}</span>`;
    return html`<button class="label" aria-pressed=${String(this.chosen === label)}
      @click=${() => this.#choose(label, index)}>${label}</button>`;
  }

  #choose(label, index) {
    this.dispatchEvent(new CustomEvent("choose", { detail: { label, index }, bubbles: true, composed: true }));
  }
}
customElements.define("sr-bars", Bars);
