// The page Inside.
import { LitElement, html, nothing } from "/web/vendor/lit.js";
import { get } from "/web/api.js";
import { look } from "/web/parts/look.js";
import "/web/parts/diagram.js";

class Inside extends LitElement {
  static properties = { state: { attribute: false }, _box: { state: true } };
  static styles = [look];
  async willUpdate() {
    if (!this._asked) { this._asked = true; this._box = await get(`/api/diagram?model=${this.state.model ?? "seeread/mini-clip"}`); }
  }
  render() {
    return this._box ? html`<sr-diagram .box=${this._box} .opened=${this.state.opened ?? ""} @opened=${({ detail }) => this.dispatchEvent(new CustomEvent("state", { detail, bubbles: true, composed: true }))}></sr-diagram>` : nothing;
  }
}
customElements.define("page-inside", Inside);
