// <ask-point>: boxes around what is named, or with `masks` its pixels. `model` and `picture` are names.
// Events "labels", and "shown" with {objects, size, chosen} or {map}: what to draw over the picture.
import { LitElement, css, html, nothing, styleMap } from "/web/vendor/lit.js";
import { Asking } from "/web/parts/asking.js";
import { look } from "/web/parts/look.js";
import { hues } from "/web/pages/ask/found.js";
import "/web/pages/ask/why.js";
import "/web/parts/busy.js";
import "/web/parts/labels.js";
import "/web/parts/trouble.js";

class Point extends LitElement {
  static properties = {
    model: {}, picture: {}, labels: { attribute: false }, masks: { type: Boolean },
    _why: { state: true }, _chosen: { state: true },
  };
  static styles = [look, css`
    .stack { gap: 1rem; }
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .3rem; }
    li button {
      display: grid; grid-template-columns: auto 1fr auto; gap: .2rem .7rem; width: 100%; text-align: left;
      align-items: center; background: none;
    }
    .swatch { width: .85rem; height: .85rem; border-radius: .2rem; }
    .place { grid-column: 2 / -1; font-size: .82rem; color: var(--muted); }
    .foot { display: flex; flex-wrap: wrap; gap: .6rem 1rem; justify-content: space-between; align-items: center; }
    .foot p { flex: 1 1 16rem; }
  `];
  #asking = new Asking(this);

  async updated(changed) {
    if (!["model", "picture", "labels", "masks"].some((name) => changed.has(name))) return;
    this._why = false;
    this.#show(null);
    if (!this.model || !this.picture || !this.labels.length) return;
    await this.#ask();
  }

  async #ask() {
    const body = { model: this.model, picture: this.picture, labels: this.labels };
    const found = await this.#asking.ask(this.masks ? "/api/segment" : "/api/detect", body);
    if (found) this.#show(found);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#say(null);
  }

  render() {
    const { result, busy, trouble, progress } = this.#asking;
    return html`<div class="stack">
      <sr-labels .labels=${this.labels} label=${this.masks ? "What to outline" : "What to look for"}></sr-labels>
      ${trouble ? html`<sr-trouble .message=${trouble} again @again=${() => this.#ask()}></sr-trouble>` : nothing}
      ${busy ? html`<sr-busy .progress=${progress} stoppable @stop=${() => this.#asking.stop()}></sr-busy>` : nothing}
      ${result && !busy && !trouble ? this.#answer(result) : nothing}
    </div>`;
  }

  #answer(result) {
    const { objects } = result;
    const colours = hues(objects);
    return html`
      ${objects.length
        ? html`<ol>${objects.map((each, index) => this.#row(each, index, colours[index]))}</ol>`
        : html`<p>It found nothing of that.</p>`}
      <div class="foot">
        <p class="muted small">${told(result, this.masks, this.labels)}</p>
        ${objects.length && !this.masks
          ? html`<button aria-pressed=${String(!!this._why)} @click=${() => this.#toggle()}>Why?</button>`
          : nothing}
      </div>
      ${this._why ? html`<ask-why .body=${this.#explained()}></ask-why>` : nothing}`;
  }

  #row(each, index, colour) {
    return html`<li>
      <button aria-pressed=${String(index === this._chosen)} @click=${() => this.#choose(index)}
        @pointerenter=${() => this.#hover(index)} @pointerleave=${() => this.#hover(null)}>
        <span class="swatch" style=${styleMap({ background: colour })}></span>
        <strong>${each.label || "something"}</strong><span class="number">${sure(each)}</span>
        <span class="place number">${place(each)}</span>
      </button></li>`;
  }

  #explained() {
    return { model: this.model, picture: this.picture, task: "detect", labels: this.labels };
  }

  #toggle() {
    this._why = !this._why;
    if (!this._why) this.#show(this.#asking.result);
  }

  #choose(index) {
    this._chosen = this._chosen === index ? null : index;
    this.#hover(this._chosen);
  }

  #hover(index) {
    if (!this._why) this.#show(this.#asking.result, index ?? this._chosen);
  }

  #show(found, chosen = null) {
    if (!found) this._chosen = null;
    this.#say(found && { objects: found.objects, size: [found.width, found.height], chosen });
  }

  #say(detail) {
    this.dispatchEvent(new CustomEvent("shown", { detail, bubbles: true, composed: true }));
  }
}

function sure({ confidence, calibrated }) {
  if (confidence === null) return "";
  return calibrated ? `${(100 * confidence).toFixed(0)}%` : confidence.toFixed(2);
}

function place({ pixels: { x_min: left, y_min: top, x_max: right, y_max: bottom } }) {
  return `${right - left} × ${bottom - top} pixels at (${left}, ${top})`;
}

const UNSURE = "Numbers tell which box the model was surer of; they are not calibrated, and so no probabilities.";
const STRANGE = "It was not asked for all of these: what it does not know it takes for something that it does.";
const CODED = "The model wrote masks as codes. To see them as pixels start the studio with --mask-decoder.";

/** What to know of the answer. */
function told({ objects, dropped, cut }, masks, labels) {
  const asked = labels.map((label) => label.toLowerCase());
  const known = objects.filter(({ confidence }) => confidence !== null);
  return [
    objects.some(({ label }) => label && !asked.includes(label.toLowerCase())) && STRANGE,
    known.some(({ calibrated }) => !calibrated) && UNSURE,
    known.some(({ calibrated }) => calibrated) && "Percentages are calibrated: how often such boxes are right.",
    masks && objects.some(({ codes, mask }) => codes && !mask) && CODED,
    dropped && `${dropped} part${dropped === 1 ? "" : "s"} of the answer made no sense.`,
    cut && "It had more to say than it was let.",
  ].filter(Boolean).join(" ");
}
customElements.define("ask-point", Point);
