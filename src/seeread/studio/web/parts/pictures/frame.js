// <sr-frame>: a kept `picture` as large as its place lets it be, and what lies over it: all that is within the element
// is stretched over it. `pale` takes most of its colours away. Event "lost" where it is not kept any more.
import { pictureAt } from "/web/api.js";
import { LitElement, css, html, styleMap } from "/web/vendor/lit.js";

class Frame extends LitElement {
  static properties = { picture: {}, alt: {}, pale: { type: Boolean }, _aspect: { state: true } };
  static styles = css`
    :host { display: block; width: 100%; line-height: 0; }
    .frame { position: relative; overflow: hidden; margin: 0 auto; }
    img { display: block; width: 100%; height: 100%; transition: filter .2s; }
    .pale { filter: grayscale(.72); }
    ::slotted(*) { position: absolute; inset: 0; width: 100%; height: 100%; }
  `;

  render() {
    const aspect = this._aspect ?? 1;
    const width = `min(100%, calc(var(--tall, min(60vh, 30rem)) * ${aspect}))`;
    return html`<div class="frame" style=${styleMap({ aspectRatio: String(aspect), width })}>
      <img class=${this.pale ? "pale" : ""} src=${pictureAt(this.picture, 1024)} alt=${this.alt ?? "The picture"}
        @load=${this.#came} @error=${this.#lost}>
      <slot></slot>
    </div>`;
  }

  #came({ target }) {
    this._aspect = target.naturalWidth / target.naturalHeight;
  }

  #lost() {
    this.dispatchEvent(new CustomEvent("lost", { bubbles: true, composed: true }));
  }
}
customElements.define("sr-frame", Frame);
