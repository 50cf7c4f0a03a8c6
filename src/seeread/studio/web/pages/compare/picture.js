// <compare-picture>: what several models make of one picture: labels, a caption or an answer, and where each saw it.
// `chosen` are models that can be asked here, `state` has picture, task, labels, question and tested.
import { LitElement, css, html, live, nothing, repeat } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import { firstLabels, isDrawn, labelsOf } from "/web/parts/labels.js";
import "/web/pages/compare/answer.js";
import "/web/parts/pictures/picture.js";

const TASKS = { classify: "Labels", caption: "Caption", answer: "Question" };
const LABELS = "a yellow triangle;a red cross;a black heart;a yellow diamond;a green diamond;a blue circle";

class OnePicture extends LitElement {
  static properties = { chosen: { attribute: false }, state: { attribute: false }, listed: { attribute: false }, _about: { state: true } };
  static styles = [look, css`
    .all { display: grid; grid-template-columns: minmax(15rem, 20rem) minmax(0, 1fr); gap: 1.5rem 2rem; align-items: start; }
    .asked { position: sticky; top: 4.4rem; }
    .answers { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 1rem; }
    .tasks { display: flex; gap: .35rem; }
    form { display: flex; gap: .5rem; }
    form button { flex: none; }
    .invite { border: 1px dashed var(--line); border-radius: var(--round); padding: 1.6rem; display: grid; gap: .8rem; justify-items: start; }
    @media (max-width: 860px) { .all { grid-template-columns: minmax(0, 1fr); } .asked { position: static; } }
  `];

  render() {
    const { picture = "", tested } = this.state;
    const here = this.listed.filter((one) => one.here).map(({ name }) => name);
    return html`<div class="all">
      <div class="stack asked">
        <sr-picture .picture=${picture} @picture=${({ detail }) => this.#change({ picture: detail.name })}></sr-picture>
        <div class="tasks" role="group" aria-label="What to ask">${Object.entries(TASKS).map(([task, title]) => html`
          <button aria-pressed=${String(task === this.#task)} @click=${() => this.#change({ task })}>${title}</button>`)}</div>
        ${this.#asking()}
        ${this.chosen.length && picture ? html`<button aria-pressed=${String(tested === "1")} @click=${() => this.#change({ tested: tested === "1" ? "" : "1" })}>
          How far are the maps to be believed?</button>` : nothing}
      </div>
      ${!this.chosen.length ? html`<div class="invite">
          <p>None of these models is on this machine, so there is nobody to ask. The studio opens those that it is started
            with: <span class="mono">seeread studio MODEL</span>.</p>
          <button class="main" @click=${() => this.#change({ models: here.join(",") })}>Take those that are here</button></div>`
        : !picture ? html`<p class="muted">Choose a picture, and each model says what it sees.</p>`
        : html`<div class="answers">${repeat(this.chosen, (name) => name, (name) => html`
            <compare-answer .model=${name} .does=${this.listed.find((one) => one.name === name).does} .picture=${picture}
              .task=${this.#task} .labels=${this.#labels} .question=${this.state.question ?? ""} .about=${this._about ?? ""}
              ?tested=${tested === "1"} @about=${({ detail }) => { this._about = detail.about; }}></compare-answer>`)}</div>`}
    </div>`;
  }

  #asking() {
    if (this.#task === "classify") {
      return html`<sr-labels .labels=${this.#labels} @labels=${({ detail }) => this.#change({ labels: detail.labels.join(";") })}></sr-labels>`;
    }
    if (this.#task === "caption") return html`<p class="muted small">Each model that writes says in a sentence what it sees.</p>`;
    return html`<form @submit=${this.#submit}>
      <input aria-label="Your question" placeholder="What do you want to know?" maxlength="2000" .value=${live(this.state.question ?? "")}>
      <button class="main">Ask</button></form>`;
  }

  get #task() {
    return this.state.task in TASKS ? this.state.task : "classify";
  }

  get #labels() {
    return labelsOf(this.state.labels ?? (isDrawn(this.state.picture ?? "scene-") ? LABELS : firstLabels(this.state.picture)));
  }

  #submit(event) {
    event.preventDefault();
    this.#change({ question: this.renderRoot.querySelector("form input").value.trim() });
  }

  #change(detail) {
    this.dispatchEvent(new CustomEvent("state", { detail, bubbles: true, composed: true }));
  }
}
customElements.define("compare-picture", OnePicture);
