// <compare-answer>: what one of the models that are compared says, and where in the picture that comes from. `about` is
// the label or word whose map is shown; event "about" with {about} when another is chosen, so that all can follow.
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { Asking } from "/web/parts/asking.js";
import { look } from "/web/parts/look.js";
import { shortName } from "/web/parts/models.js";
import "/web/parts/bars.js";
import "/web/parts/busy.js";
import "/web/parts/pictures/heat.js";
import "/web/parts/trouble.js";

const SHOWN = 8; // labels, and each of them has a map
const VERB = { classify: "compares", caption: "writes", answer: "writes" };

class Answer extends LitElement {
  static properties = {
    model: {}, does: { attribute: false }, picture: {}, task: {}, labels: { attribute: false }, question: {}, about: {},
    tested: { type: Boolean }, _seconds: { state: true },
  };
  static styles = [look, css`
    .card { display: grid; gap: .8rem; align-content: start; height: 100%; padding: .9rem; }
    .head { display: flex; justify-content: space-between; gap: .6rem; align-items: baseline; }
    blockquote { margin: 0; font-size: 1.05rem; line-height: 1.45; border-left: 3px solid var(--accent); padding: .1rem 0 .1rem .8rem; min-height: 1.5em; }
    .words { display: flex; flex-wrap: wrap; gap: .25rem; }
    .words button { padding: .05rem .45rem; font-size: .9rem; }
    .words .doubted { border-style: dashed; color: var(--muted); }
  `];
  #asking = new Asking(this);
  #maps = new Asking(this);

  updated(changed) {
    if (["model", "picture", "task", "question"].some((name) => changed.has(name)) || this.#relabelled(changed)) this.#ask();
    else if (this.#asking.result && (changed.has("tested") || (changed.has("about") && this.#wants))) this.#explain(this.#asking.result);
  }

  #relabelled(changed) {
    return this.task === "classify" && changed.has("labels") && String(changed.get("labels")) !== String(this.labels);
  }

  /** Whether there is no map yet of the label that was chosen. */
  get #wants() {
    const known = (this.#maps.result?.maps ?? []).some(({ about }) => about === this.about);
    return this.task === "classify" && !known && this.#asking.result.scores.some(({ label }) => label === this.about);
  }

  get #able() {
    return !this.does || this.does.includes("write") || (this.task === "classify" && this.does.includes("compare"));
  }

  async #ask() {
    this.#maps.forget();
    const about = { model: this.model, picture: this.picture };
    const [path, body] = {
      classify: ["/api/classify", { ...about, labels: this.labels }],
      caption: ["/api/caption", about],
      answer: ["/api/ask", { ...about, question: this.question }],
    }[this.task];
    if (!this.#able || (this.task === "classify" && !this.labels.length) || (this.task === "answer" && !this.question)) return this.#asking.forget();
    const begun = performance.now();
    const result = await this.#asking.ask(path, body);
    if (!result) return;
    this._seconds = (performance.now() - begun) / 1000;
    this.#explain(result);
  }

  #explain(result) {
    const checks = this.tested ? {} : { checks: 0 };
    const about = { model: this.model, picture: this.picture, ...checks };
    if (this.task === "classify") {
      const shown = result.scores.slice(0, SHOWN).map(({ label }) => label);
      // One that writes has a map of one answer at a time; and to test a map takes a while.
      const single = this.tested || !this.does?.includes("compare");
      const one = shown.includes(this.about) ? this.about : shown[0];
      return this.#maps.ask("/api/explain", { ...about, task: "classify", labels: single ? [one] : shown });
    }
    if (!result.text) return this.#maps.forget();
    const asked = this.task === "answer" ? { text: this.question, task: "answer" } : { task: "caption" };
    return this.#maps.ask("/api/explain", { ...about, ...asked, answer: result.text });
  }

  render() {
    const { result, busy, trouble, progress, text } = this.#asking;
    const map = this.#map;
    return html`<article class="card">
      <div class="head"><h3>${shortName(this.model)}</h3>${result && !busy && this._seconds ? html`<span class="muted small number">${this._seconds.toFixed(1)} s</span>` : nothing}</div>
      <sr-heat .picture=${this.picture} .map=${map ?? null}></sr-heat>
      ${!this.#able ? html`<p class="muted small">It ${VERB[this.task] === "writes" ? "does not write: ask it about labels" : "compares nothing"}.</p>` : nothing}
      ${trouble ? html`<sr-trouble .message=${trouble}></sr-trouble>` : nothing}
      ${busy && !text ? html`<sr-busy .progress=${progress}></sr-busy>` : nothing}
      ${result || text ? this.#said(result, text, busy) : nothing}
      ${this.#maps.busy ? html`<sr-busy .progress=${{ ...this.#maps.progress, what: this.tested ? "Testing its maps" : "Finding where it comes from" }}></sr-busy>` : nothing}
      ${this.#maps.trouble ? html`<p class="muted small">${this.#maps.trouble}</p>` : nothing}
    </article>`;
  }

  #said(result, text, busy) {
    if (this.task === "classify") {
      if (!result) return nothing;
      const most = result.calibrated ? 1 : Math.max(...result.scores.map(({ score }) => score), 1e-9);
      const bars = result.scores.slice(0, SHOWN).map(({ label, score, similarity }, place) => ({
        label, value: score, marked: place === 0, shown: result.calibrated ? `${(100 * score).toFixed(1)}%` : similarity.toFixed(3),
      }));
      return html`<sr-bars choosable .bars=${bars} .most=${most} .chosen=${this.#map?.about ?? ""} @choose=${({ detail }) => this.#say(detail.label)}></sr-bars>
        ${result.calibrated ? nothing : html`<p class="muted small">Not calibrated: longer fits better.</p>`}`;
    }
    const maps = busy ? [] : (this.#maps.result?.maps ?? []);
    return html`<blockquote aria-live="polite">${(busy ? text : result?.text) || "(it wrote nothing)"}</blockquote>
      ${maps.length > 1 ? html`<div class="words" role="group" aria-label="Its words">${maps.map((one) => html`
        <button class=${one.faithfulness?.believed === false ? "doubted" : ""} aria-pressed=${String(one === this.#map)}
          @click=${() => this.#say(one.about)} @pointerenter=${() => this.#say(one.about)}>${one.about}</button>`)}</div>` : nothing}`;
  }

  /** The map of what was chosen, where this model has one; else that of what it is surest of. */
  get #map() {
    const maps = this.#maps.result?.maps ?? [];
    return maps.find(({ about }) => about === this.about) ?? maps[0];
  }

  #say(about) {
    this.dispatchEvent(new CustomEvent("about", { detail: { about } }));
  }
}
customElements.define("compare-answer", Answer);
