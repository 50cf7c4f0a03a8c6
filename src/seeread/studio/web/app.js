// The shell: which page is open, what its address says, day and night, and the keys. A page is `pages/NAME.js` with
// the element <page-NAME> and its property `state`, the strings behind # in the address; the event "state" changes it.
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import { addressOf, stateOf } from "/web/parts/address.js";
import { KEYBOARD, MOON, PAGE_ICONS, SUN } from "/web/parts/icons.js";
import "/web/parts/trouble.js";

const PAGES = [
  { name: "ask", title: "Ask", question: "What does it say about my picture?" },
  { name: "inside", title: "Inside", question: "How does it get there, step by step?" },
  { name: "compare", title: "Compare", question: "How do models differ?" },
  { name: "space", title: "Space", question: "What lies close to what?" },
  { name: "scores", title: "Scores", question: "How good is it, and how do we know?" },
];
const UNREAD = "This page cannot be opened. Is the studio still running in its terminal?";
const CARRIED = ["model", "picture"]; // what one page hands to the next

class Shell extends LitElement {
  static properties = {
    _page: { state: true }, _state: { state: true }, _theme: { state: true }, _trouble: { state: true },
  };
  static styles = [look, css`
    header {
      position: sticky; top: 0; z-index: 20; background: color-mix(in srgb, var(--page) 88%, transparent);
      backdrop-filter: blur(10px); border-bottom: 1px solid var(--line);
    }
    .bar {
      max-width: 82rem; margin: 0 auto; padding: 0 clamp(.9rem, 3vw, 2rem); display: flex; align-items: center;
      gap: 1.5rem; height: 3.4rem;
    }
    .brand {
      display: flex; gap: .55rem; align-items: center; font-weight: 680; letter-spacing: -.015em;
      text-decoration: none; color: inherit; font-size: 1.05rem;
    }
    .brand img { width: 1.5rem; height: 1.5rem; }
    nav { display: flex; gap: .2rem; flex: 1; align-self: stretch; }
    nav a {
      display: flex; align-items: center; gap: .45rem; padding: 0 .85rem; color: var(--muted);
      text-decoration: none; position: relative; font-weight: 500;
    }
    nav a:hover { color: var(--text); }
    nav a[aria-current] { color: var(--text); }
    nav a[aria-current]::after {
      content: ""; position: absolute; inset: auto .6rem -1px; height: 2px; background: var(--accent);
      border-radius: 1px;
    }
    nav svg {
      display: none; width: 1.3rem; height: 1.3rem; fill: none; stroke: currentColor; stroke-width: 1.7;
      stroke-linejoin: round; stroke-linecap: round;
    }
    .tools { display: flex; gap: .1rem; }
    .tools button {
      width: 2.2rem; height: 2.2rem; padding: 0; display: grid; place-items: center; border-radius: 50%;
    }
    .tools svg {
      width: 1.15rem; height: 1.15rem; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round;
      stroke-linejoin: round;
    }
    main {
      max-width: 82rem; margin: 0 auto; padding: clamp(1.1rem, 3vw, 2rem) clamp(.9rem, 3vw, 2rem) 5rem;
      outline: none;
    }
    .title { display: flex; flex-wrap: wrap; gap: .1rem .8rem; align-items: baseline; margin-bottom: 1.2rem; }
    dialog {
      border: 1px solid var(--line); border-radius: var(--round); background: var(--page); color: var(--text);
      padding: 1.4rem 1.6rem; max-width: min(26rem, 92vw); box-shadow: var(--shadow);
    }
    dialog::backdrop { background: rgb(10 15 25 / .45); }
    dl { display: grid; grid-template-columns: auto 1fr; gap: .45rem 1rem; margin: 1rem 0 1.2rem; }
    dt, dd { margin: 0; }
    kbd {
      font: .85em var(--mono); border: 1px solid var(--line); border-bottom-width: 2px; border-radius: .3rem;
      padding: .05rem .4rem; background: var(--raised);
    }
    .skip { position: absolute; left: -99rem; }
    .skip:focus { left: 1rem; top: .6rem; z-index: 30; background: var(--page); padding: .3rem .6rem; }
    @media (max-width: 720px) {
      header { backdrop-filter: none; background: var(--page); } /* or the pages' bar would be fixed to it */
      .bar { gap: .5rem; height: 3rem; justify-content: space-between; }
      nav {
        position: fixed; inset: auto 0 0; z-index: 20; gap: 0;
        background: var(--page); border-top: 1px solid var(--line);
        padding-bottom: env(safe-area-inset-bottom); flex: none;
      }
      nav a {
        flex: 1; flex-direction: column; gap: .1rem; padding: .45rem 0 .4rem; font-size: .72rem;
        justify-content: center;
      }
      nav svg { display: block; }
      nav a[aria-current] { color: var(--accent); }
      nav a[aria-current]::after { inset: -1px 25% auto; }
      .keys { display: none !important; }
      main { padding-bottom: 6.5rem; }
    }
  `];

  constructor() {
    super();
    this._theme = stored("theme");
    this.#night.addEventListener("change", () => this.#show());
    addEventListener("hashchange", () => this.#arrive());
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => event.preventDefault()); // or the browser would leave the page for the picture
    this.#show();
    this.#arrive();
  }

  #night = matchMedia("(prefers-color-scheme: dark)");
  #element = null;

  render() {
    const { title, question } = this._page;
    return html`
      <a class="skip" href="#main" @click=${this.#skip}>To the content</a>
      <header><div class="bar">
        <a class="brand" href="#/ask"><img src="/web/icon.svg" alt="">seeread</a>
        <nav aria-label="Pages">${PAGES.map((page) => html`
          <a href=${this.#link(page.name)} aria-current=${page === this._page ? "page" : nothing}>
            <svg viewBox="0 0 24 24" aria-hidden="true">${PAGE_ICONS[page.name]}</svg>${page.title}</a>`)}
        </nav>
        <div class="tools">
          <button class="quiet keys" title="Keys (?)" aria-label="Keys" @click=${() => this.#helping()}>
            <svg viewBox="0 0 24 24">${KEYBOARD}</svg></button>
          <button class="quiet" title="Day or night (D)" @click=${() => this.#turn()}
            aria-label=${this.#dark ? "Light colours" : "Dark colours"}>
            <svg viewBox="0 0 24 24">${this.#dark ? SUN : MOON}</svg></button>
        </div>
      </div></header>
      <main id="main" tabindex="-1">
        <div class="title"><h1>${title}</h1><span class="muted">${question}</span></div>
        ${this._trouble
          ? html`<sr-trouble .message=${this._trouble} again @again=${() => this.#arrive()}></sr-trouble>`
          : this.#element}
      </main>
      <dialog aria-label="Keys">
        <h2>Keys</h2>
        <dl>
          ${PAGES.map((page, index) => html`<dt><kbd>${index + 1}</kbd></dt><dd>${page.title}</dd>`)}
          <dt><kbd>/</kbd></dt><dd>to the first field</dd>
          <dt><kbd>D</kbd></dt><dd>day or night</dd>
          <dt><kbd>Ctrl</kbd> <kbd>V</kbd></dt><dd>paste a picture</dd>
          <dt><kbd>?</kbd></dt><dd>this list</dd>
        </dl>
        <form method="dialog"><button class="main" autofocus>Close</button></form>
      </dialog>`;
  }

  get #dark() {
    return this._theme ? this._theme === "dark" : this.#night.matches;
  }

  #turn() {
    this._theme = this.#dark ? "light" : "dark";
    store("theme", this._theme);
    this.#show();
  }

  #show() {
    document.documentElement.dataset.theme = this.#dark ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("theme"));
    this.requestUpdate();
  }

  /** The address says what is shown. */
  async #arrive() {
    const { name, state } = stateOf(location.hash);
    const page = PAGES.find((one) => one.name === name) ?? PAGES[0];
    const moved = page !== this._page;
    this._page = page;
    this._state = state;
    this._trouble = "";
    document.title = `${page.title} · seeread studio`;
    if (moved) this.#element = null;
    if (this.#element) {
      this.#element.state = state;
      return;
    }
    try {
      await import(`/web/pages/${page.name}.js`);
      if (page !== this._page || this.#element) return;
      this.#element = document.createElement(`page-${page.name}`);
      this.#element.state = this._state;
      this.#element.addEventListener("state", (event) => this.#changed(event.detail));
      this.requestUpdate();
    } catch (error) {
      console.error(error);
      if (page === this._page) this._trouble = UNREAD;
    }
  }

  /** A page has changed its state: what is given is put beside what was there; "" takes something out. */
  #changed(changes) {
    this._state = { ...this._state, ...changes };
    history.replaceState(null, "", addressOf(this._page.name, this._state));
    this._state = stateOf(location.hash).state;
    this.#element.state = this._state;
  }

  #link(name) {
    const carried = Object.fromEntries(CARRIED.map((key) => [key, this._state?.[key]]));
    return addressOf(name, name === this._page.name ? this._state : carried);
  }

  #skip(event) {
    event.preventDefault();
    this.renderRoot.querySelector("main").focus();
  }

  #helping() {
    this.renderRoot.querySelector("dialog").showModal();
  }

  #key(event) {
    const typing = event.composedPath()[0].matches?.("input, textarea, select, [contenteditable]");
    const otherwise = event.ctrlKey || event.metaKey || event.altKey;
    if (typing || otherwise || this.renderRoot.querySelector("dialog").open) return;
    const page = PAGES[Number(event.key) - 1];
    if (page) location.hash = this.#link(page.name);
    else if (event.key === "d") this.#turn();
    else if (event.key === "?") this.#helping();
    else if (event.key === "/") this.#element?.renderRoot?.querySelector("textarea, input:not([type=file])")?.focus();
    else return;
    event.preventDefault();
  }
}

// Some browsers keep nothing, and say so by throwing.
function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch { /* then it holds until the page is closed */ }
}

customElements.define("studio-shell", Shell);
