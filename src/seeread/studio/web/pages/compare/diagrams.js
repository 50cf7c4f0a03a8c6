// <compare-diagrams>: how several models are built, side by side, as boxes that open down to a single attention head.
import { follow, isStopped } from "/web/api.js";
import { LitElement, css, html, nothing, repeat } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import { few } from "/web/parts/diagram/words.js";
import { called } from "/web/pages/compare/chosen.js";
import "/web/parts/busy.js";
import "/web/parts/diagram.js";
import "/web/parts/trouble.js";

const drawn = new Map(); // what was asked for once

class Diagrams extends LitElement {
  static properties = { chosen: { attribute: false }, listed: { attribute: false }, _boxes: { state: true }, _told: { state: true }, _progress: { state: true } };
  static styles = [look, css`
    .all { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(21rem, 1fr); gap: 1.2rem; overflow-x: auto; padding-bottom: .5rem; scroll-snap-type: x proximity; }
    article { min-width: 0; scroll-snap-align: start; }
    h3 { margin-bottom: .6rem; }
    .note { position: sticky; bottom: .6rem; margin-top: 1rem; box-shadow: var(--shadow); display: grid; gap: .25rem; max-width: 48rem; }
    .note p { font-size: .9rem; }
    @media (max-width: 720px) { .all { grid-auto-columns: 88%; } .note { bottom: 4rem; } }
  `];
  #stop = null;

  willUpdate(changed) {
    if (changed.has("chosen") && String(changed.get("chosen")) !== String(this.chosen)) this.#ask();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stop?.abort();
  }

  /** One after the other: each takes about a second. */
  async #ask() {
    this.#stop?.abort();
    const { signal } = (this.#stop = new AbortController());
    this._boxes = new Map();
    for (const model of this.chosen) {
      try {
        if (!drawn.has(model)) {
          const on = { progress: (progress) => { this._progress = progress; } };
          drawn.set(model, await follow("/api/compare/diagram", { model }, on, { signal }));
        }
        if (signal.aborted) return;
        this._boxes = new Map(this._boxes).set(model, { box: drawn.get(model) });
      } catch (error) {
        if (isStopped(error)) return;
        this._boxes = new Map(this._boxes).set(model, { trouble: error.message });
      }
    }
  }

  render() {
    const told = this._told;
    return html`<div class="all" role="region" tabindex="0" aria-label="Diagrams side by side">
        ${repeat(this.chosen, (name) => name, (name) => {
          const { box, trouble } = this._boxes.get(name) ?? {};
          return html`<article><h3>${called(this.listed, name)}</h3>
            ${trouble ? html`<sr-trouble .message=${trouble}></sr-trouble>`
              : box ? html`<sr-diagram bare .box=${box} label=${`What ${called(this.listed, name)} is made of`} @told=${({ detail }) => { this._told = { ...detail, model: name }; }}></sr-diagram>`
              : html`<sr-busy .progress=${this._progress} what="Drawing"></sr-busy>`}</article>`;
        })}</div>
      ${told?.box ? html`<div class="note card" aria-live="polite">
        <p><strong>${told.box.name}</strong> <span class="muted">of ${called(this.listed, told.model)}${told.box.parameters ? `, ${few(told.box.parameters)} parameters` : ""}${told.box.like > 1 ? `, ${told.box.like} alike` : ""}</span></p>
        <p>${told.box.does}</p>
        ${told.box.path ? html`<p class="mono muted">${told.box.path}</p>` : nothing}
      </div>` : html`<p class="muted small" style="margin-top:.8rem">Hover or touch a box to read what it does; press + to look inside, down to a single attention head.</p>`}`;
  }
}
customElements.define("compare-diagrams", Diagrams);
