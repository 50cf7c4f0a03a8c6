// What things look like within elements, which the page's own sheet does not reach: `static styles = [look, ...]`.
import { css } from "/web/vendor/lit.js";

export const look = css`
  :host { display: block; min-width: 0; }
  :host([hidden]) { display: none; }
  *, *::before, *::after { box-sizing: border-box; }
  h1, h2, h3 { line-height: 1.25; letter-spacing: -.01em; margin: 0; font-weight: 650; }
  h1 { font-size: clamp(1.4rem, 1.2rem + 1vw, 1.8rem); }
  h2 { font-size: 1.15rem; }
  h3 { font-size: 1rem; }
  p { margin: 0; max-width: 46rem; }
  a { color: var(--link); text-underline-offset: .15em; }
  .muted { color: var(--muted); }
  .small { font-size: .875rem; }
  .number { font-variant-numeric: tabular-nums; }
  .mono { font-family: var(--mono); font-size: .9em; }
  button, select, input, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
  button, .button {
    background: var(--raised); border: 1px solid var(--line); border-radius: .5rem; padding: .4rem .85rem;
    cursor: pointer;
    line-height: 1.4; transition: background .12s, border-color .12s; text-decoration: none; color: inherit;
  }
  button:hover:not(:disabled), .button:hover { border-color: var(--muted); }
  button:disabled { opacity: .5; cursor: default; }
  button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
  button.main:hover:not(:disabled) { filter: brightness(1.08); border-color: var(--accent); }
  button.quiet { background: none; border-color: transparent; color: var(--muted); padding: .25rem .5rem; }
  button.quiet:hover:not(:disabled) { color: var(--text); background: var(--raised); border-color: transparent; }
  button[aria-pressed="true"], button[aria-selected="true"] {
    background: var(--soft); border-color: var(--accent); color: var(--accent);
  }
  input:not([type="checkbox"], [type="radio"], [type="range"]), select, textarea {
    background: var(--page); border: 1px solid var(--line); border-radius: .5rem; padding: .45rem .7rem; width: 100%;
    min-width: 0; line-height: 1.4;
  }
  input:hover, select:hover, textarea:hover { border-color: var(--muted); }
  textarea { resize: vertical; }
  ::placeholder { color: var(--muted); opacity: .8; }
  label { font-size: .875rem; color: var(--muted); }
  input[type="range"], input[type="checkbox"], input[type="radio"] { accent-color: var(--accent); }
  :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
  .card {
    background: var(--page); border: 1px solid var(--line); border-radius: var(--round); padding: 1rem 1.1rem;
  }
  .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
  .stack { display: grid; gap: .75rem; min-width: 0; }
  table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
  th, td { padding: .4rem .7rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
  th { font-weight: 600; }
  .wide { overflow-x: auto; border: 1px solid var(--line); border-radius: var(--round); }
  .hidden {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after { animation-duration: .01ms !important; transition-duration: .01ms !important; }
  }
`;
