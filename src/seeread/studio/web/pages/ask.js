// The page Ask: a picture, a model, and what it says: labels, a caption, answers, boxes, masks, a conversation.
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { described, elsewhere, learned, models } from "/web/parts/models.js";
import { firstLabels, isDrawn, labelsOf } from "/web/parts/labels.js";
import { look } from "/web/parts/look.js";
import "/web/pages/ask/chat.js";
import "/web/pages/ask/classify.js";
import "/web/pages/ask/found.js";
import "/web/pages/ask/point.js";
import "/web/pages/ask/write.js";
import "/web/parts/pictures/heat.js";
import "/web/parts/pictures/picture.js";
import "/web/parts/trouble.js";

const TASKS = [
  { name: "classify", title: "Choose", needs: ["compare", "write", "classify"], says: "Which of these fits best?" },
  { name: "caption", title: "Describe", needs: ["write"], says: "What does the picture show, in a sentence?" },
  { name: "question", title: "Question", needs: ["write"], says: "The answer to a question about the picture." },
  { name: "detect", title: "Find", needs: ["point"], says: "Where are these things?" },
  { name: "segment", title: "Outline", needs: ["segment"], says: "Which pixels are these things?" },
  { name: "chat", title: "Talk", needs: ["write"], says: "A conversation about the picture." },
];

class Ask extends LitElement {
  static properties = {
    state: { attribute: false }, _models: { state: true }, _trouble: { state: true }, _shown: { state: true },
  };
  static styles = [look, css`
    .page {
      display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); gap: clamp(1.2rem, 3vw, 2.4rem);
      align-items: start;
    }
    .left { position: sticky; top: 4.6rem; }
    .tabs { display: flex; flex-wrap: wrap; gap: .35rem; }
    .tabs button { padding: .35rem .85rem; border-radius: 2rem; }
    .right { display: grid; gap: 1.1rem; min-width: 0; }
    label { display: block; margin-bottom: .3rem; }
    select { max-width: 26rem; }
    .facts { margin-top: .35rem; }
    @media (max-width: 860px) { .page { grid-template-columns: minmax(0, 1fr); } .left { position: static; } }
    @media (max-width: 860px) {
      .left.looking {
        position: sticky; top: 3rem; z-index: 5; background: var(--page); margin: 0 -.9rem; padding: .5rem .9rem;
        --tall: 32vh;
      }
      .left.looking sr-picture::part(tools) { display: none; }
    }
  `];

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
  }

  async #ask() {
    try {
      this._trouble = "";
      this._models = await models();
    } catch (error) {
      this._trouble = error.message;
    }
  }

  /** What a model of one's own can do is known when it was loaded. */
  async #learn() {
    this._models = await learned(this._models, this.#model);
  }

  get #model() {
    return this._models?.find(({ name }) => name === this.state.model) ?? this._models?.[0];
  }

  get #tasks() {
    const does = this.#model?.does;
    return TASKS.filter(({ needs }) => !does || needs.some((one) => does.includes(one)));
  }

  get #task() {
    return this.#tasks.find(({ name }) => name === this.state.task) ?? this.#tasks[0];
  }

  get #picture() {
    return this.state.picture ?? "scene-1";
  }

  render() {
    if (this._trouble) {
      return html`<sr-trouble .message=${this._trouble} again @again=${this.#ask}></sr-trouble>`;
    }
    if (!this._models) return nothing;
    return html`<div class="page">
      <div class="left ${this._shown?.map ? "looking" : ""}">
        <sr-picture .picture=${this.#picture} @picture=${({ detail }) => this.#change({ picture: detail.name })}
          >${this.#over()}</sr-picture>
      </div>
      <div class="right" @shown=${({ detail }) => { this._shown = detail; }} @answered=${this.#learn}>
        ${this.#choice()}
        <div class="tabs" role="tablist" aria-label="What to ask" @keydown=${this.#key}>
          ${this.#tasks.map((task) => this.#tab(task, task === this.#task))}
        </div>
        <div role="tabpanel" aria-label=${this.#task.says}>${this.#panel()}</div>
      </div>
    </div>`;
  }

  #tab({ name, title, says }, open) {
    return html`<button role="tab" aria-selected=${String(open)} tabindex=${open ? 0 : -1} title=${says}
      @click=${() => this.#change({ task: name })}>${title}</button>`;
  }

  #choice() {
    const model = this.#model;
    const { parameters, data } = model;
    const facts = [parameters && `${(parameters / 1e6).toFixed(1)} million parameters`, data && `learned from ${data}`];
    return html`<div>
      <label for="model">Model</label>
      <select id="model" @change=${(event) => this.#change({ model: event.target.value })}>
        ${this._models.map((one) => html`
          <option value=${one.name} .selected=${one === model}>${described(one)}</option>`)}
      </select>
      ${elsewhere(this.state.model, model)}
      <p class="muted small facts">${facts.filter(Boolean).join(" · ")}</p>
    </div>`;
  }

  /** What lies over the picture: a map, or what was found. */
  #over() {
    const { map, objects, size, chosen } = this._shown ?? {};
    if (map) return html`<sr-heat .picture=${this.#picture} .map=${map} wordless></sr-heat>`;
    if (!objects?.length) return nothing;
    return html`<ask-found .picture=${this.#picture} .objects=${objects} .size=${size} .chosen=${chosen}></ask-found>`;
  }

  #panel() {
    const [model, picture, task] = [this.#model.name, this.#picture, this.#task.name];
    const labels = this.#labels(task);
    const relabel = ({ detail }) => this.#change({ labels: detail.labels.join(" ; ") });
    if (task === "classify") {
      return html`<ask-classify .model=${model} .picture=${picture} .labels=${labels}
        ?known=${this.#model.does?.includes("classify")} @labels=${relabel}></ask-classify>`;
    }
    if (task === "detect" || task === "segment") {
      return html`<ask-point .model=${model} .picture=${picture} .labels=${labels} ?masks=${task === "segment"}
        @labels=${relabel}></ask-point>`;
    }
    if (task === "chat") return html`<ask-chat .model=${model} .picture=${picture}></ask-chat>`;
    const questions = task === "question";
    return html`<ask-write .model=${model} .picture=${picture} ?questions=${questions}
      .question=${questions ? this.state.question ?? "" : ""} @question=${({ detail }) => this.#change(detail)}
      ></ask-write>`;
  }

  #said = { text: null, labels: [] };

  /** The labels of the address, or some to begin with; the same list as long as they are the same. */
  #labels(task) {
    const text = this.state.labels ?? this.#first(task);
    if (text !== this.#said.text) this.#said = { text, labels: labelsOf(text) };
    return this.#said.labels;
  }

  #first(task) {
    if (task !== "classify") return isDrawn(this.#picture) ? "triangle" : "";
    if (this.#model.does?.includes("classify")) return "";
    return firstLabels(this.#picture);
  }

  /** Arrow keys go from tab to tab. */
  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const tasks = this.#tasks;
    const next = tasks[(tasks.indexOf(this.#task) + step + tasks.length) % tasks.length];
    this.#change({ task: next.name });
    this.updateComplete.then(() => this.renderRoot.querySelector("[aria-selected=true]").focus());
  }

  #change(detail) {
    if ("task" in detail || "model" in detail || "picture" in detail) this._shown = null;
    this.dispatchEvent(new CustomEvent("state", { detail, bubbles: true, composed: true }));
  }
}
customElements.define("page-ask", Ask);
