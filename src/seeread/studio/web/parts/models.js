// <sr-models>: choose a model, or with `several` more than one. `chosen` is a list of names, `able` what they must be
// able to do ("compare", "write", "point"), `most` how many. Event "models" with {names}.
import { get } from "/web/api.js";
import { LitElement, css, html, nothing, repeat } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/parts/trouble.js";

let asked = null;

/** What /api/models says; asked for once. */
export const models = () => (asked ??= get("/api/models").catch((error) => {
  asked = null;
  throw error;
}));
/** The models anew where nothing was known of one of them, for it was loaded since; `known` where that is not so. */
export async function learned(known, model) {
  if (!model || model.does) return known;
  asked = null;
  return models().catch(() => known);
}

/** A name without whom it is of, as people read it. */
export const shortName = (name) => name.split("/").at(-1);

const ABILITIES = {
  compare: "compares pictures with words", write: "writes", point: "points", segment: "outlines",
  classify: "knows classes", fill: "fills gaps",
};
/** What a model is called, and what it does, as a list has it. */
export const described = (model) => `${shortName(model.name)}${model.does ? ` · ${doing(model)}` : ""}`;
/** What a model does, in a few words. */
export const doing = (model) => (model.does ?? []).map((ability) => ABILITIES[ability] ?? ability).join(", ");

/** A word on a `wanted` model that is not in this studio, where an address asks for one, and `taken` is shown instead. */
export const elsewhere = (wanted, taken) => !wanted || wanted === taken.name ? nothing : html`
  <p class="small" role="status">${wanted} is not in this studio. This is ${shortName(taken.name)} instead.</p>`;

class Models extends LitElement {
  static properties = {
    chosen: { attribute: false }, able: { attribute: false }, several: { type: Boolean }, most: { type: Number },
    label: {},
    _all: { state: true }, _trouble: { state: true },
  };
  static styles = [look, css`
    fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
    legend, label { padding: 0; margin-bottom: .3rem; font-size: .875rem; color: var(--muted); display: block; }
    .row { gap: .4rem; }
    button { padding: .3rem .7rem; }
  `];

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
  }

  async #ask() {
    try {
      this._trouble = "";
      this._all = await models();
    } catch (error) {
      this._trouble = error.message;
    }
  }

  render() {
    if (this._trouble) return html`<sr-trouble .message=${this._trouble} again @again=${this.#ask}></sr-trouble>`;
    const can = ({ does }) => !this.able || !does || this.able.some((one) => does.includes(one));
    const fit = (this._all ?? []).filter(can);
    const chosen = this.chosen ?? [];
    if (!this.several) {
      return html`<label for="model">${this.label ?? "Model"}</label>
        <select id="model" @change=${(event) => this.#say([event.target.value])}>
          ${chosen.length ? nothing : html`<option value="" selected disabled>Choose a model</option>`}
          ${repeat(fit, ({ name }) => name, (model) => html`
            <option value=${model.name} .selected=${model.name === chosen[0]}>${described(model)}</option>`)}
        </select>`;
    }
    return html`<fieldset><legend>${this.label ?? "Models"}</legend><div class="row">
      ${repeat(fit, ({ name }) => name, (model) => html`
        <button aria-pressed=${String(chosen.includes(model.name))} title=${doing(model)}
          ?disabled=${!chosen.includes(model.name) && chosen.length >= (this.most || Infinity)}
          @click=${() => this.#toggle(model.name)}>${shortName(model.name)}</button>`)}
    </div></fieldset>`;
  }

  #toggle(name) {
    const chosen = this.chosen ?? [];
    this.#say(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  }

  #say(names) {
    this.chosen = names;
    this.dispatchEvent(new CustomEvent("models", { detail: { names }, bubbles: true, composed: true }));
  }
}
customElements.define("sr-models", Models);
