// <sr-trouble>: what went wrong, in a sentence; with `again` there is a button to try once more (event "again").
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";

class TroubleBox extends LitElement {
  static properties = { message: {}, again: { type: Boolean } };
  static styles = [look, css`
    .trouble {
      display: flex; gap: .7rem; align-items: center; background: var(--bad-soft); border: 1px solid var(--bad);
      border-radius: var(--round); padding: .6rem .9rem;
    }
    p { flex: 1; }
  `];

  render() {
    if (!this.message) return nothing;
    return html`<div class="trouble" role="alert">
      <p>${this.message}</p>
      ${this.again ? html`<button @click=${this.#again}>Try again</button>` : nothing}
    </div>`;
  }

  #again() {
    this.dispatchEvent(new CustomEvent("again", { bubbles: true, composed: true }));
  }
}
customElements.define("sr-trouble", TroubleBox);
