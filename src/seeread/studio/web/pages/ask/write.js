// <ask-write>: what the picture shows in a sentence, or with `questions` the answer to one. `model` and `picture` are
// names, `question` a text. Events "question" (it was asked) and "shown" (see why.js).
import { LitElement, css, html, live, nothing } from "/web/vendor/lit.js";
import { Asking } from "/web/parts/asking.js";
import { look } from "/web/parts/look.js";
import "/web/pages/ask/why.js";
import "/web/parts/busy.js";
import "/web/parts/trouble.js";

const ABOUT_SCENES = ["what shape is in the image?", "what color is the shape?", "is there a heart in the image?"];
const ABOUT_ANYTHING = ["What is this?", "What is in the background?", "What colour is it?"];
const suggestions = (picture) => (picture?.startsWith("scene-") ? ABOUT_SCENES : ABOUT_ANYTHING);

const NOTHING = html`<span class="muted">(it wrote nothing)</span>`;

class Write extends LitElement {
  static properties = {
    model: {}, picture: {}, question: {}, questions: { type: Boolean }, _why: { state: true },
  };
  static styles = [look, css`
    .stack { gap: 1rem; }
    .row { margin: -.55rem 0 0 -.3rem; gap: 0 .2rem; }
    .foot .row { margin: 0; gap: .5rem; }
    form { display: flex; gap: .5rem; }
    form input { flex: 1; }
    blockquote {
      margin: 0; font-size: 1.25rem; line-height: 1.45; padding: .9rem 1.1rem;
      border-left: 3px solid var(--accent); background: var(--raised);
      border-radius: 0 var(--round) var(--round) 0; min-height: 3.6rem;
    }
    blockquote.writing::after {
      content: ""; display: inline-block; width: .5ch; height: 1em; background: var(--accent);
      vertical-align: -.12em; margin-left: .15ch; animation: blink 1s steps(2) infinite;
    }
    @keyframes blink { 50% { opacity: 0; } }
    .foot { display: flex; flex-wrap: wrap; gap: .6rem 1rem; justify-content: space-between; align-items: center; }
    .foot p { flex: 1 1 16rem; }
  `];
  #asking = new Asking(this);

  updated(changed) {
    if (["model", "picture", "question", "questions"].some((name) => changed.has(name))) this.#ask();
  }

  #ask() {
    const about = { model: this.model, picture: this.picture };
    if (!this.model || !this.picture || (this.questions && !this.question?.trim())) this.#asking.forget();
    else if (this.questions) this.#asking.ask("/api/ask", { ...about, question: this.question });
    else this.#asking.ask("/api/caption", about);
  }

  render() {
    const { result, busy, trouble, progress, text } = this.#asking;
    const shown = busy ? text : result?.text;
    return html`<div class="stack">
      ${this.questions ? this.#form() : nothing}
      ${trouble ? html`<sr-trouble .message=${trouble} again @again=${() => this.#ask()}></sr-trouble>` : nothing}
      ${busy && !text
        ? html`<sr-busy .progress=${progress} stoppable @stop=${() => this.#asking.stop()}></sr-busy>`
        : nothing}
      ${!trouble && (text || (result && !busy))
        ? html`<blockquote class=${busy ? "writing" : ""} aria-live="polite">${shown || text || NOTHING}</blockquote>`
        : nothing}
      ${result && !busy && !trouble ? this.#foot(result) : nothing}
    </div>`;
  }

  #form() {
    const others = suggestions(this.picture).filter((one) => one !== this.question);
    return html`<form @submit=${this.#submit}>
        <input aria-label="Your question" placeholder="What do you want to know?" maxlength="2000" enterkeyhint="send"
          .value=${live(this.question ?? "")}>
        <button class="main">Ask</button>
      </form>
      <div class="row" role="group" aria-label="For example">
        ${others.map((one) => html`<button class="quiet small" @click=${() => this.#say(one)}>${one}</button>`)}
      </div>`;
  }

  #foot(result) {
    return html`<div class="foot">
        <p class="muted small">${told(result)}</p>
        <div class="row">
          <button @click=${() => this.#ask()}>Again</button>
          <button aria-pressed=${String(!!this._why)} ?disabled=${!result.text}
            @click=${() => { this._why = !this._why; }}>Why?</button>
        </div>
      </div>
      ${this._why && result.text ? html`<ask-why .body=${this.#explained(result)}></ask-why>` : nothing}`;
  }

  #submit(event) {
    event.preventDefault();
    const question = this.renderRoot.querySelector("form input").value.trim();
    if (question === this.question) this.#ask();
    else this.#say(question);
  }

  #say(question) {
    this.dispatchEvent(new CustomEvent("question", { detail: { question }, bubbles: true, composed: true }));
  }

  #explained({ text }) {
    const asked = this.questions ? { text: this.question, task: "answer" } : { task: "caption" };
    return { model: this.model, picture: this.picture, answer: text, ...asked };
  }
}

/** How sure it was, in words. */
export function told({ reason, tokens, logprob, confidence }) {
  const parts = [`${tokens} token${tokens === 1 ? "" : "s"}`];
  if (confidence !== null) parts.unshift(`${(100 * confidence).toFixed(0)}% likely right (calibrated)`);
  else if (logprob !== null) {
    const each = (100 * Math.exp(logprob)).toFixed(0);
    parts.push(`each ${each}% likely on average, to the model itself (not calibrated)`);
  }
  if (reason === "length") parts.push("cut where it became too long");
  if (reason === "refused") parts.push("the model declined to go on");
  return parts.join(" · ");
}
customElements.define("ask-write", Write);
