// The page Inside: what becomes of this very picture and text in the model, step by step, from pixels to the answer.
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { get } from "/web/api.js";
import { Asking } from "/web/parts/asking.js";
import { isDrawn } from "/web/parts/labels.js";
import { look } from "/web/parts/look.js";
import { elsewhere, learned, models } from "/web/parts/models.js";
import { parted } from "/web/pages/inside/looks.js";
import { style } from "/web/pages/inside/style.js";
import { STAGES } from "/web/pages/inside/play.js";
import "/web/pages/inside/read.js";
import "/web/pages/inside/result.js";
import "/web/pages/inside/seen.js";
import "/web/parts/busy.js";
import "/web/parts/diagram.js";
import "/web/parts/models.js";
import "/web/parts/pictures/picture.js";
import "/web/parts/trouble.js";

const DRAWN = { compare: "a yellow triangle ; a red heart ; a blue circle", write: "what shape does the image contain?", classify: "" };
const FIRST = { compare: "a tabby cat ; a dog ; a sunflower ; a cup of coffee", write: "", classify: "" };

const NOTHING = " "; // what was asked where nothing was: an address leaves out what is empty

/** What a model is asked for here. */
const sortOf = ({ does }) => Object.keys(FIRST).find((one) => does?.includes(one));

/** Which of so many an address names; `usual` where it names none, or something that is no place. */
function placeOf(text, usual, count = Infinity) {
  const place = /^\d+$/.test(text ?? "") ? Number(text) : usual;
  return Math.min(place, count - 1);
}

class Inside extends LitElement {
  static properties = { state: { attribute: false }, _models: { state: true }, _box: { state: true }, _trouble: { state: true } };
  static styles = [look, style, css`
    .page { display: grid; gap: 2.6rem; }
    .ask { display: grid; grid-template-columns: minmax(0, 17rem) minmax(0, 1fr); gap: 1.6rem; align-items: start; }
    .ask form { display: grid; gap: .8rem; max-width: 36rem; }
    .ask .row { flex-wrap: nowrap; }
    .run { white-space: nowrap; }
    .said { font-size: 1.05rem; }
    .index { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .88rem; }
    .index button { padding: .1rem 0; }
    .step { scroll-margin-top: 4.5rem; border-top: 1px solid var(--line); padding-top: 1.3rem; }
    @media (max-width: 720px) { .ask { grid-template-columns: minmax(0, 1fr); } }
  `];

  #asking = new Asking(this);
  #ran = "";
  #drawn = "";

  connectedCallback() {
    super.connectedCallback();
    this.#begin();
  }

  async #begin() {
    try {
      this._trouble = "";
      this._models = (await models()).filter(({ does }) => !does || does.some((one) => one in FIRST));
    } catch (error) {
      this._trouble = error.message;
    }
  }

  /** What a model of one's own can do is known when it was loaded. */
  async #learn() {
    this._models = await learned(this._models, this.#model);
  }

  get #model() {
    return this._models.find(({ name }) => name === this.state.model) ?? this._models[0];
  }

  get #asked() {
    const picture = this.state.picture ?? "scene-1";
    const first = (isDrawn(picture) ? DRAWN : FIRST)[sortOf(this.#model)] ?? "";
    return { model: this.#model.name, picture, text: (this.state.text ?? first).trim() };
  }

  willUpdate() {
    if (!this._models) return;
    const asked = this.#asked;
    if (JSON.stringify(asked) !== this.#ran) {
      this.#ran = JSON.stringify(asked);
      this.#asking.ask("/api/inside", asked).then(() => this.#learn());
    }
    if (this.#asking.result && asked.model !== this.#drawn) this.#draw(asked.model); // what is looked at first comes first
  }

  async #draw(model) {
    this.#drawn = model;
    this._box = null;
    const box = await get(`/api/diagram?model=${encodeURIComponent(model)}`).catch(() => null); // without it the page goes on
    if (this.#drawn === model) this._box = box;
  }

  render() {
    if (this._trouble) return html`<sr-trouble .message=${this._trouble} again @again=${this.#begin}></sr-trouble>`;
    if (!this._models) return nothing;
    const { busy, progress, result, trouble } = this.#asking;
    return html`<div class="page">
      ${this.#ask()}
      ${busy && !result ? html`<sr-busy .progress=${progress} what="Running the model"></sr-busy>` : nothing}
      ${trouble ? html`<sr-trouble .message=${trouble} again @again=${() => { this.#ran = ""; this.requestUpdate(); }}></sr-trouble>` : nothing}
      ${result ? this.#steps(result) : nothing}
    </div>`;
  }

  #ask() {
    const { picture, text, model } = this.#asked;
    const compares = this.#model.does?.includes("compare");
    const said = this.#asking.result?.result;
    return html`<div class="ask">
      <sr-picture .picture=${picture} @picture=${({ detail }) => this.#change({ picture: detail.name })}></sr-picture>
      <form @submit=${this.#submit}>
        <sr-models .chosen=${[model]} .able=${Object.keys(FIRST)} @models=${({ detail }) => this.#take(detail.names[0])}></sr-models>
        ${elsewhere(this.state.model, this.#model)}
        <div><label for="text">${compares ? "Texts to compare it with, ; between them" : "Your question; without one it describes the picture"}</label>
          <div class="row"><input id="text" name="text" .value=${text} autocomplete="off"><button class="main run">Run</button></div></div>
        ${said?.kind === "answer" ? html`<p class="said">It answers: <b>${said.answer}</b></p>` : said ? html`<p class="said">It fits best: <b>${said.labels[said.shares.indexOf(Math.max(...said.shares))]}</b></p>` : nothing}
        <p class="muted small">Everything below is this one run of the model: real numbers, nothing drawn by hand.</p>
      </form>
    </div>`;
  }

  #steps(run) {
    const shown = {
      run, asked: this.#asked, look: placeOf(this.state.look, this.#usual(run), run.looks.length), item: placeOf(this.state.item, 0),
      head: placeOf(this.state.head, -1), stage: placeOf(this.state.stage, 0, STAGES.length),
    };
    const chosen = run.looks[shown.look];
    if (chosen) {
      shown.head = Math.min(shown.head, chosen.heads - 1);
      shown.item = Math.min(shown.item, chosen.items - 1);
      shown.query = placeOf(this.state.query, this.#asker(run, chosen), chosen.queries);
    }
    const crosses = chosen?.crosses;
    const steps = [
      ["Seen", "The picture is cut into cells", html`<inside-seen .run=${run}></inside-seen>`],
      run.texts.length ? ["Read", "The words become tokens", html`<inside-read .run=${run}></inside-read>`] : null,
      run.joined.shape || run.joined.places.length ? ["Joined", run.joined.places.length ? "The picture comes to the words" : "The picture becomes one vector", html`<inside-joined .run=${run}></inside-joined>`] : null,
      chosen ? ["Looks", "Who looks at whom", html`<inside-looks .run=${run} .asked=${shown.asked} .look=${shown.look} .item=${shown.item} .head=${shown.head} .query=${shown.query} @looking=${this.#looking}></inside-looks>`] : null,
      chosen ? ["One look", crosses ? "How a word takes in the picture, number by number" : "One look, number by number", html`<inside-play .run=${run} .asked=${shown.asked} .look=${shown.look} .item=${shown.item} .head=${shown.head} .query=${shown.query} .stage=${shown.stage} @looking=${this.#looking}></inside-play>`] : null,
      ["Said", "What comes out", html`<inside-result .run=${run}></inside-result>`],
      this._box ? ["Built", "The whole model: press + to open any box", html`<sr-diagram .box=${this._box} .opened=${this.state.opened ?? ""} @opened=${({ detail }) => this.#change(detail)}></sr-diagram>`] : null,
    ].filter(Boolean);
    return html`
      <nav class="index" aria-label="Steps">${steps.map(([name], place) => html`<button class="quiet" @click=${() => this.#go(place)}>${place + 1}. ${name}</button>`)}</nav>
      ${steps.map(([name, title, body], place) => html`<section class="step" id="step-${place}" aria-label=${name}><header><b>${place + 1}</b><h2>${title}</h2></header>${body}</section>`)}`;
  }

  /** The attention to begin with: the last in which words look at the picture, or else the last of the first part. */
  #usual(run) {
    const crossing = run.looks.filter(({ crosses }) => crosses);
    return (crossing[Math.floor(crossing.length / 2)] ?? parted(run.looks)[0]?.looks.at(-1))?.number ?? 0;
  }

  /** The query to begin with: the last word before the answer, or the first of all where nothing is written. */
  #asker(run, chosen) {
    const places = run.joined.places;
    if (chosen.queries !== places.length) return 0;
    const answer = places.findIndex(({ role }) => role === "answer");
    return answer > 0 ? answer - 1 : places.length - 1;
  }

  #go(place) {
    this.renderRoot.querySelector(`#step-${place}`).scrollIntoView({ behavior: "smooth" });
  }

  #looking({ detail }) {
    const changes = "look" in detail ? { query: "", ...detail } : detail;
    this.#change(Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, String(value)])));
  }

  /** Another model; what was asked stays if it makes sense to it. */
  #take(model) {
    const next = this._models.find(({ name }) => name === model);
    const text = sortOf(next) === sortOf(this.#model) ? this.state.text : "";
    this.#change({ model, text, look: "", head: "", query: "", item: "", opened: "" });
  }

  #submit(event) {
    event.preventDefault();
    this.#change({ text: new FormData(event.target).get("text").trim() || NOTHING, query: "" });
  }

  #change(detail) {
    this.dispatchEvent(new CustomEvent("state", { detail, bubbles: true, composed: true }));
  }
}
customElements.define("page-inside", Inside);
