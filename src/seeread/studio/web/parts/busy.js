// <sr-busy>: something is being done, what, and how far it is. `progress` is {what, done, total}, as the server has it.
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";

class Busy extends LitElement {
  static properties = { progress: { attribute: false }, what: {}, stoppable: { type: Boolean } };
  static styles = [look, css`
    .row { flex-wrap: nowrap; gap: .7rem; min-height: 2rem; color: var(--muted); font-size: .9rem; }
    .what { flex: 1; min-width: 0; }
    .track { height: 4px; border-radius: 2px; background: var(--line); overflow: hidden; margin-top: .3rem; }
    .bar { height: 100%; border-radius: 2px; background: var(--accent); transition: width .2s; }
    .unknown { width: 30%; animation: run 1.3s ease-in-out infinite alternate; }
    @keyframes run { from { margin-left: 0; } to { margin-left: 70%; } }
  `];

  render() {
    const { what = "", done = 0, total = null } = this.progress ?? {};
    const known = total > 0;
    const far = known && total > 1 ? html` <span class="number">${done} of ${total}</span>` : "…";
    const width = known ? `width:${(100 * done) / total}%` : "";
    return html`<div class="row" role="status" aria-live="polite">
      <div class="what">
        <span>${what || this.what || "One moment"}${far}</span>
        <div class="track"><div class="bar ${known ? "" : "unknown"}" style=${width}></div></div>
      </div>
      ${this.stoppable ? html`<button @click=${this.#stop}>Stop</button>` : nothing}
    </div>`;
  }

  #stop() {
    this.dispatchEvent(new CustomEvent("stop", { bubbles: true, composed: true }));
  }
}
customElements.define("sr-busy", Busy);
