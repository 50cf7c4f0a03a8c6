// The page Ask.
import { LitElement, html } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/parts/models.js";
import "/web/parts/picture.js";

class Ask extends LitElement {
  static properties = { state: { attribute: false } };
  static styles = look;

  render() {
    const { model, picture } = this.state;
    return html`<div class="stack">
      <sr-models .chosen=${model ? [model] : []} @models=${({ detail }) => this.#change({ model: detail.names[0] })}></sr-models>
      <sr-picture .picture=${picture ?? ""} @picture=${({ detail }) => this.#change({ picture: detail.name })}></sr-picture>
    </div>`;
  }

  #change(detail) {
    this.dispatchEvent(new CustomEvent("state", { detail, bubbles: true, composed: true }));
  }
}
customElements.define("page-ask", Ask);
