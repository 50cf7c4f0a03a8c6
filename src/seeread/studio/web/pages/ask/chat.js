// <ask-chat>: a conversation about the picture, streamed. `model` and `picture` are names. Event "shown" (see why.js).
import { follow, isStopped, pictureAt } from "/web/api.js";
import { LitElement, css, html, nothing, repeat } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/pages/ask/why.js";
import "/web/parts/busy.js";
import "/web/parts/trouble.js";

const BEGINNING = html`<p class="muted empty">Ask something about the picture. What was said before, the model hears
  again each time.</p>`;
const FORGETFUL = html`<p class="muted small">This model takes every message as a question by itself, about the picture
  shown last.</p>`;
const NOTHING = html`<span class="muted">(nothing)</span>`;

class Chat extends LitElement {
  static properties = {
    model: {}, picture: {}, _turns: { state: true }, _trouble: { state: true }, _progress: { state: true },
    _writing: { state: true }, _why: { state: true }, _remembers: { state: true },
  };
  static styles = [look, css`
    .talk { display: grid; gap: .7rem; max-height: 26rem; overflow-y: auto; padding: .2rem; align-content: start; }
    .turn { max-width: 88%; padding: .55rem .85rem; border-radius: .9rem; line-height: 1.45; }
    .said { white-space: pre-wrap; }
    .user {
      justify-self: end; background: var(--accent); color: var(--on-accent); border-bottom-right-radius: .25rem;
    }
    .assistant {
      justify-self: start; background: var(--raised); border: 1px solid var(--line);
      border-bottom-left-radius: .25rem;
    }
    .user img {
      display: block; width: 4.5rem; height: 4.5rem; object-fit: cover; border-radius: .4rem;
      margin-bottom: .35rem;
    }
    .writing::after {
      content: ""; display: inline-block; width: .5ch; height: 1em; background: var(--accent);
      vertical-align: -.12em; margin-left: .15ch;
    }
    .below { justify-self: start; margin-top: -.45rem; }
    form { display: flex; gap: .5rem; align-items: end; }
    textarea { flex: 1; min-height: 2.6rem; max-height: 9rem; field-sizing: content; }
    .empty { padding: 1.2rem .2rem; }
  `];
  #stopping = null;

  constructor() {
    super();
    this._turns = [];
  }

  willUpdate(changed) {
    if (changed.has("model") && changed.get("model")) this.#clear();
  }

  updated(changed) {
    if (changed.has("_turns") || changed.has("_writing")) {
      const talk = this.renderRoot.querySelector(".talk");
      talk.scrollTop = talk.scrollHeight;
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stopping?.abort();
  }

  render() {
    const busy = this._writing != null;
    return html`<div class="stack">
      <div class="talk" role="log" aria-label="Conversation">
        ${this._turns.length ? nothing : BEGINNING}
        ${repeat(this._turns, (_, index) => index, (turn, index) => this.#turn(turn, index))}
        ${this._writing ? html`<div class="turn assistant writing"><span class="said">${this._writing}</span></div>` : nothing}
      </div>
      ${busy && !this._writing ? html`<sr-busy .progress=${this._progress}></sr-busy>` : nothing}
      ${this._remembers === false && this._turns.length > 2 ? FORGETFUL : nothing}
      ${this._trouble ? html`<sr-trouble .message=${this._trouble}></sr-trouble>` : nothing}
      <form @submit=${this.#submit}>
        <textarea rows="1" aria-label="Your message" placeholder="Say something about the picture" maxlength="4000"
          @keydown=${this.#key}></textarea>
        ${busy
          ? html`<button type="button" @click=${() => this.#stopping?.abort()}>Stop</button>`
          : html`<button class="main">Send</button>`}
      </form>
      ${this._turns.length && !busy ? html`<div class="row">
        <button class="quiet small" @click=${this.#undo}>Take the last message back</button>
        <button class="quiet small" @click=${this.#clear}>Begin anew</button>
      </div>` : nothing}
      ${this._why != null && this.#explicable(this._why)
        ? html`<ask-why .body=${this.#explained(this._why)}></ask-why>`
        : nothing}
    </div>`;
  }

  #turn({ speaker, text, pictures = [] }, index) {
    const toggle = () => { this._why = this._why === index ? null : index; };
    return html`
      <div class="turn ${speaker}">
        ${pictures.map((name) => html`<img src=${pictureAt(name, 160)} alt="The picture shown">`)}
        <span class="said">${text || NOTHING}</span>
      </div>
      ${this.#explicable(index)
        ? html`<button class="quiet small below" aria-pressed=${String(this._why === index)} @click=${toggle}
          >Why?</button>`
        : nothing}`;
  }

  /** Only an answer that rests on one message and one picture is explained: what came before is not in it. */
  #explicable(index) {
    const [asked, answer] = [this._turns[index - 1], this._turns[index]];
    const alone = index === 1 || this._remembers === false;
    return asked && answer?.speaker === "assistant" && answer.text && alone && this.#pictureOf(index - 1);
  }

  #pictureOf(index) {
    return this._turns.slice(0, index + 1).findLast(({ pictures }) => pictures?.length)?.pictures[0];
  }

  #explained(index) {
    const about = { model: this.model, picture: this.#pictureOf(index - 1), task: "answer" };
    return { ...about, text: this._turns[index - 1].text, answer: this._turns[index].text };
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.renderRoot.querySelector("form").requestSubmit();
    }
  }

  async #submit(event) {
    event.preventDefault();
    const field = this.renderRoot.querySelector("textarea");
    const text = field.value.trim();
    if (!text || this._writing != null) return;
    field.value = "";
    const seen = !this.picture || this.#pictureOf(this._turns.length - 1) === this.picture;
    const before = this._turns;
    this._turns = [...before, { speaker: "user", text, ...(seen ? {} : { pictures: [this.picture] }) }];
    Object.assign(this, { _trouble: "", _why: null, _writing: "", _progress: {} });
    const stopping = (this.#stopping = new AbortController());
    const on = {
      piece: (piece) => { this._writing += piece; },
      progress: (progress) => { this._progress = progress; },
    };
    try {
      const answer = await follow("/api/chat", { model: this.model, turns: this._turns }, on, stopping);
      this._remembers = answer.remembers;
      this._turns = [...this._turns, { speaker: "assistant", text: answer.text }];
    } catch (error) {
      if (isStopped(error) && this._writing) {
        this._turns = [...this._turns, { speaker: "assistant", text: this._writing }];
      } else {
        this._turns = before; // nothing was said
        field.value = text;
        if (!isStopped(error)) this._trouble = error.message;
      }
    } finally {
      this._writing = null;
    }
  }

  #undo() {
    const last = this._turns.findLastIndex(({ speaker }) => speaker === "user");
    this._why = null;
    this._turns = this._turns.slice(0, last);
  }

  #clear() {
    this.#stopping?.abort();
    Object.assign(this, { _turns: [], _why: null, _trouble: "", _remembers: undefined });
  }
}
customElements.define("ask-chat", Chat);
