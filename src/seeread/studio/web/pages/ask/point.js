// <ask-point>: boxes around what is named, or with `masks` its pixels. `model` and `picture` are names, `labels` a list.
// Events "labels", and "shown" with {objects, size, chosen} or {map}: what to draw over the picture.
import { LitElement, css, html, nothing, repeat, styleMap } from "/web/vendor/lit.js";
import { Asking } from "/web/parts/asking.js";
import { look } from "/web/parts/look.js";
import { hues } from "/web/pages/ask/found.js";
import "/web/pages/ask/why.js";
import "/web/parts/busy.js";
import "/web/parts/labels.js";
import "/web/parts/trouble.js";

class Point extends LitElement {
  static properties = { model: {}, picture: {}, labels: { attribute: false }, masks: { type: Boolean }, _why: { state: true }, _chosen: { state: true } };
  static styles = [look, css`
    .stack { gap: 1rem; }
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .3rem; }
    li button { display: grid; grid-template-columns: auto 1fr auto; gap: .2rem .7rem; width: 100%; text-align: left; align-items: center; background: none; }
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
    const found = await this.#asking.ask(this.masks ? "/api/segment" : "/api/detect", { model: this.model, picture: this.picture, labels: this.labels });
    if (found) this.#show(found);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#say(null);
  }

  render() {
    const { result, busy, trouble, progress } = this.#asking;
    const colours = hues(result?.objects ?? []);
    return html`<div class="stack">
      <sr-labels .labels=${this.labels} label=${this.masks ? "What to outline" : "What to look for"}></sr-labels>
      ${trouble ? html`<sr-trouble .message=${trouble} again @again=${() => this.#ask()}></sr-trouble>` : nothing}
      ${busy ? html`<sr-busy .progress=${progress} stoppable @stop=${() => this.#asking.stop()}></sr-busy>` : nothing}
      ${result && !busy && !trouble ? html`
        ${result.objects.length ? html`<ol>${repeat(result.objects, (_, index) => index, (each, index) => html`<li>
          <button aria-pressed=${String(index === this._chosen)} @click=${() => this.#choose(index)} @pointerenter=${() => this.#hover(index)} @pointerleave=${() => this.#hover(null)}>
            <span class="swatch" style=${styleMap({ background: colours[index] })}></span>
            <strong>${each.label || "something"}</strong><span class="number">${sure(each)}</span>
            <span class="place number">${place(each)}</span>
          </button></li>`)}</ol>` : html`<p>It found nothing of that.</p>`}
        <div class="foot">
          <p class="muted small">${told(result, this.masks)}</p>
          ${result.objects.length && !this.masks ? html`<button aria-pressed=${String(!!this._why)} @click=${() => this.#toggle()}>Why?</button>` : nothing}
        </div>
        ${this._why ? html`<ask-why .body=${{ model: this.model, picture: this.picture, task: "detect", labels: this.labels }}></ask-why>` : nothing}` : nothing}
    </div>`;
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

const sure = ({ confidence, calibrated }) => (confidence === null ? "" : calibrated ? `${(100 * confidence).toFixed(0)}%` : confidence.toFixed(2));
const place = ({ pixels: { x_min: left, y_min: top, x_max: right, y_max: bottom } }) => `${right - left} × ${bottom - top} pixels at (${left}, ${top})`;

function told({ objects, dropped, cut }, masks) {
  const parts = [];
  if (objects.some(({ confidence, calibrated }) => confidence !== null && !calibrated)) parts.push("Numbers tell which box the model was surer of; they are not calibrated, and so no probabilities.");
  if (objects.some(({ calibrated }) => calibrated)) parts.push("Percentages are calibrated: how often such boxes are right.");
  if (masks && objects.some(({ codes, mask }) => codes && !mask)) parts.push("The model wrote masks as codes. To see them as pixels start the studio with --mask-decoder.");
  if (dropped) parts.push(`${dropped} part${dropped === 1 ? "" : "s"} of the answer made no sense.`);
  if (cut) parts.push("It had more to say than it was let.");
  return parts.join(" ");
}
customElements.define("ask-point", Point);
