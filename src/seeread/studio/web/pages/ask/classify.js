// <ask-classify>: which of these labels fits the picture? `model` and `picture` are names, `labels` a list. Events
// "labels" (they were edited) and "shown" (see why.js).
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { Asking } from "/web/parts/asking.js";
import { look } from "/web/parts/look.js";
import "/web/pages/ask/why.js";
import "/web/parts/bars.js";
import "/web/parts/busy.js";
import "/web/parts/labels.js";
import "/web/parts/trouble.js";

const PATIENCE = 300; // milliseconds until it is worth saying that something is done

const OF_ALL = ", of those it knows (none: all of them)";

class Classify extends LitElement {
  static properties = {
    model: {}, picture: {}, labels: { attribute: false }, known: { type: Boolean },
    _why: { state: true }, _late: { state: true },
  };
  static styles = [look, css`
    .stack { gap: 1rem; }
    sr-bars { transition: opacity .15s; }
    sr-bars.old { opacity: .55; }
    .none { background: var(--warn-soft); color: var(--warn); border-radius: var(--round); padding: .5rem .8rem; }
    .foot { display: flex; flex-wrap: wrap; gap: .6rem 1rem; justify-content: space-between; align-items: center; }
    .foot p { flex: 1 1 16rem; }
  `];
  #asking = new Asking(this);

  updated(changed) {
    if (["model", "picture", "labels"].some((name) => changed.has(name))) this.#ask();
  }

  async #ask() {
    if (!this.model || !this.picture || !(this.labels.length || this.known)) return;
    this._late = false;
    const timer = setTimeout(() => { this._late = true; }, PATIENCE);
    const among = this.labels.length ? { labels: this.labels } : {};
    await this.#asking.ask("/api/classify", { model: this.model, picture: this.picture, ...among });
    clearTimeout(timer);
  }

  render() {
    const { result, busy, trouble, progress } = this.#asking;
    return html`<div class="stack">
      <sr-labels .labels=${this.labels} label=${`Labels to choose from${this.known ? OF_ALL : ""}`}></sr-labels>
      ${trouble ? html`<sr-trouble .message=${trouble} again @again=${() => this.#ask()}></sr-trouble>` : nothing}
      ${busy && (this._late || !result)
        ? html`<sr-busy .progress=${progress} stoppable @stop=${() => this.#asking.stop()}></sr-busy>`
        : nothing}
      ${result && !trouble ? this.#answer(result, busy) : nothing}
    </div>`;
  }

  #answer(result, busy) {
    return html`
      ${result.known === false ? html`<p class="none">It seems to show none of these.</p>` : nothing}
      <sr-bars class=${busy ? "old" : ""} .bars=${bars(result)}></sr-bars>
      <div class="foot">
        <p class="muted small">${told(result)}</p>
        <button aria-pressed=${String(!!this._why)} @click=${() => { this._why = !this._why; }}>Why?</button>
      </div>
      ${this._why && !busy ? html`<ask-why .body=${this.#explained(result)}></ask-why>` : nothing}`;
  }

  #explained({ scores }) {
    const best = scores.slice(0, 5).map(({ label }) => label);
    return { model: this.model, picture: this.picture, labels: best, task: "classify" };
  }
}

const percent = (share) => `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)}%`;

function bars({ scores, calibrated }) {
  return scores.slice(0, 12).map(({ label, score, similarity }, place) => ({
    label, value: score, shown: calibrated ? percent(score) : similarity.toFixed(3), marked: place === 0,
  }));
}

function told({ calibrated, rests_on: basis, kind, scores }) {
  const more = scores.length > 12 ? ` The best 12 of ${scores.length}.` : "";
  if (calibrated) return basis + more;
  if (kind === "choice") return `A model on a server named one label, and told nothing of the others.${more}`;
  const likely = "how much likelier the picture makes a label as the answer";
  const what = kind === "likelihood" ? likely : "how alike picture and label are (−1 to 1)";
  return `Not calibrated: bars tell what fits better, not how sure that is. Numbers: ${what}.${more}`;
}
customElements.define("ask-classify", Classify);
