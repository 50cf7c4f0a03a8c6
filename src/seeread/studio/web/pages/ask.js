// The page Ask: a picture, a model, and what it says: labels, a caption, answers, boxes, masks, a conversation.
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { doing, models } from "/web/parts/models.js";
import { labelsOf } from "/web/parts/labels.js";
import { look } from "/web/parts/look.js";
import "/web/pages/ask/chat.js";
import "/web/pages/ask/classify.js";
import "/web/pages/ask/found.js";
import "/web/pages/ask/point.js";
import "/web/pages/ask/write.js";
import "/web/parts/heat.js";
import "/web/parts/picture.js";
import "/web/parts/trouble.js";

const TASKS = [
  { name: "classify", title: "Choose", needs: ["compare", "write", "classify"], says: "Which of these words fits best?" },
  { name: "caption", title: "Describe", needs: ["write"], says: "What does the picture show, in a sentence?" },
  { name: "question", title: "Question", needs: ["write"], says: "The answer to a question about the picture." },
  { name: "detect", title: "Find", needs: ["point"], says: "Where are these things?" },
  { name: "segment", title: "Outline", needs: ["segment"], says: "Which pixels are these things?" },
  { name: "chat", title: "Talk", needs: ["write"], says: "A conversation about the picture." },
];
const SHAPES = "circle; square; triangle; star; heart; diamond; cross";
const THINGS = "a person; a dog; a cat; a car; a house; food; a landscape";

class Ask extends LitElement {
  static properties = { state: { attribute: false }, _models: { state: true }, _trouble: { state: true }, _shown: { state: true } };
  static styles = [look, css`
    .page { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); gap: clamp(1.2rem, 3vw, 2.4rem); align-items: start; }
    .left { position: sticky; top: 4.6rem; }
    .tabs { display: flex; flex-wrap: wrap; gap: .35rem; }
    .tabs button { padding: .35rem .85rem; border-radius: 2rem; }
    .right { display: grid; gap: 1.1rem; min-width: 0; }
    label { display: block; margin-bottom: .3rem; }
    select { max-width: 26rem; }
    .facts { margin-top: .35rem; }
    @media (max-width: 860px) { .page { grid-template-columns: minmax(0, 1fr); } .left { position: static; } }
    @media (max-width: 860px) {
      .left.looking { position: sticky; top: 3rem; z-index: 5; background: var(--page); margin: 0 -.9rem; padding: .5rem .9rem; --tall: 32vh; }
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
    if (this._trouble) return html`<sr-trouble .message=${this._trouble} again @again=${this.#ask}></sr-trouble>`;
    if (!this._models) return nothing;
    return html`<div class="page">
      <div class="left ${this._shown?.map ? "looking" : ""}">
        <sr-picture .picture=${this.#picture} @picture=${({ detail }) => this.#change({ picture: detail.name })}>${this.#over()}</sr-picture>
      </div>
      <div class="right" @shown=${({ detail }) => { this._shown = detail; }}>
        ${this.#choice()}
        <div class="tabs" role="tablist" aria-label="What to ask" @keydown=${this.#key}>${this.#tasks.map((task) => html`
          <button role="tab" aria-selected=${String(task === this.#task)} tabindex=${task === this.#task ? 0 : -1} title=${task.says}
            @click=${() => this.#change({ task: task.name })}>${task.title}</button>`)}
        </div>
        <div role="tabpanel" aria-label=${this.#task.says}>${this.#panel()}</div>
      </div>
    </div>`;
  }

  #choice() {
    const model = this.#model;
    const facts = [model.parameters && `${(model.parameters / 1e6).toFixed(1)} million parameters`, model.data && `learned from ${model.data}`].filter(Boolean);
    return html`<div>
      <label for="model">Model</label>
      <select id="model" @change=${(event) => this.#change({ model: event.target.value })}>
        ${this._models.map((one) => html`<option value=${one.name} ?selected=${one === model}>${one.name.split("/").at(-1)}${one.does ? ` · ${doing(one)}` : ""}</option>`)}
      </select>
      ${facts.length ? html`<p class="muted small facts">${facts.join(" · ")}</p>` : nothing}
    </div>`;
  }

  #over() {
    const shown = this._shown;
    if (shown?.map) return html`<sr-heat .picture=${this.#picture} .map=${shown.map} wordless></sr-heat>`;
    if (shown?.objects?.length) return html`<ask-found .picture=${this.#picture} .objects=${shown.objects} .size=${shown.size} .chosen=${shown.chosen}></ask-found>`;
    return nothing;
  }

  #panel() {
    const [model, picture] = [this.#model.name, this.#picture];
    const { name } = this.#task;
    const labels = this.#labels(name);
    const relabel = ({ detail }) => this.#change({ labels: detail.labels.join(" ; ") });
    if (name === "classify") return html`<ask-classify .model=${model} .picture=${picture} .labels=${labels} ?known=${this.#model.does?.includes("classify")} @labels=${relabel}></ask-classify>`;
    if (name === "detect") return html`<ask-point .model=${model} .picture=${picture} .labels=${labels} @labels=${relabel}></ask-point>`;
    if (name === "segment") return html`<ask-point masks .model=${model} .picture=${picture} .labels=${labels} @labels=${relabel}></ask-point>`;
    if (name === "chat") return html`<ask-chat .model=${model} .picture=${picture}></ask-chat>`;
    const questions = name === "question";
    return html`<ask-write .model=${model} .picture=${picture} ?questions=${questions} .question=${questions ? this.state.question ?? "" : ""}
      @question=${({ detail }) => this.#change(detail)}></ask-write>`;
  }

  #said = { text: null, labels: [] };

  /** The labels of the address, or some to begin with; the same list as long as they are the same. */
  #labels(task) {
    const drawn = this.#picture.startsWith("scene-");
    const first = task === "classify" ? (this.#model.does?.includes("classify") ? "" : drawn ? SHAPES : THINGS) : drawn ? "heart" : "";
    const text = this.state.labels ?? first;
    if (text !== this.#said.text) this.#said = { text, labels: labelsOf(text) };
    return this.#said.labels;
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
