// <sr-labels>: a list of words that can be edited: type one and press Enter, take one out by its cross or by Backspace.
// `labels` is a list. Event "labels" with {labels}.
import { LitElement, css, html, repeat } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";

/** The labels that a text names: "cat ; dog", or one a line. */
export function labelsOf(text) {
  const labels = (text ?? "").split(/[;\n]/).map((label) => label.trim());
  return [...new Set(labels.filter(Boolean))];
}

const SHAPES = "circle; square; triangle; star; heart; diamond; cross";
const THINGS = "a tabby cat; a dog; a bird; a sunflower; a cup of coffee; a sports car; a church; people";

/** Whether a kept picture is one of the drawn examples. */
export const isDrawn = (picture) => picture.startsWith("scene-");

/** What there is to choose from before anything was typed: a drawn picture shows a shape, any other may show anything. */
export const firstLabels = (picture) => (isDrawn(picture) ? SHAPES : THINGS);

class Labels extends LitElement {
  static properties = { labels: { attribute: false }, label: {} };
  static styles = [look, css`
    .caption { display: block; margin-bottom: .3rem; }
    .place {
      display: flex; flex-wrap: wrap; gap: .35rem; padding: .35rem;
      border: 1px solid var(--line); border-radius: .55rem;
      background: var(--page); cursor: text;
    }
    .place:hover { border-color: var(--muted); }
    .place:focus-within { outline: 2px solid var(--link); outline-offset: 1px; }
    .chip {
      display: inline-flex; align-items: center; background: var(--raised); border: 1px solid var(--line);
      border-radius: .4rem; padding-left: .55rem; line-height: 1.6; max-width: 100%;
    }
    .chip button { border: 0; background: none; padding: 0 .5rem; color: var(--muted); line-height: 1.6; }
    .chip button:hover { color: var(--bad); }
    input:not([type="checkbox"]) {
      border: 0; flex: 1 1 7rem; width: auto; padding: .15rem .35rem; outline: none; background: none;
    }
  `];

  render() {
    const labels = this.labels ?? [];
    return html`<label class="caption" for="new">${this.label ?? "Labels"}</label>
      <div class="place" @click=${this.#reach}>
        ${repeat(labels, (label) => label, (label) => html`<span class="chip">${label}
          <button aria-label=${`Take out ${label}`} @click=${() => this.#without(label)}>×</button></span>`)}
        <input id="new" placeholder=${labels.length ? "Add another" : "Type a label, then Enter"}
          enterkeyhint="enter" autocomplete="off" @keydown=${this.#key} @paste=${this.#paste} @blur=${this.#take}>
      </div>`;
  }

  /** A click beside the labels is meant for the field. */
  #reach(event) {
    if (event.target === event.currentTarget) this.renderRoot.querySelector("input").focus();
  }

  #without(label) {
    this.#say(this.labels.filter((other) => other !== label));
  }

  #key(event) {
    const input = event.target;
    if (event.key === "Enter" || event.key === ";") {
      event.preventDefault();
      this.#take();
    } else if (event.key === "Backspace" && !input.value && this.labels?.length) {
      this.#say(this.labels.slice(0, -1));
    }
  }

  #paste(event) {
    const text = event.clipboardData.getData("text");
    if (labelsOf(text).length < 2) return;
    event.preventDefault();
    this.#say([...(this.labels ?? []), ...labelsOf(text)]);
  }

  #take = () => {
    const input = this.renderRoot.querySelector("input");
    const more = labelsOf(input.value);
    input.value = "";
    if (more.length) this.#say([...(this.labels ?? []), ...more]);
  };

  #say(labels) {
    this.labels = [...new Set(labels)];
    this.dispatchEvent(new CustomEvent("labels", { detail: { labels: this.labels }, bubbles: true, composed: true }));
  }
}
customElements.define("sr-labels", Labels);
