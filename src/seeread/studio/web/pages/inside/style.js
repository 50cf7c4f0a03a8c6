// What the steps of the page Inside have in common.
import { css } from "/web/vendor/lit.js";

export const style = css`
  :host { display: grid; gap: .8rem; grid-template-columns: minmax(0, 1fr); }
  button, td, th { overflow-wrap: normal; }
  .step { display: grid; gap: .7rem; }
  .step > header { display: grid; grid-template-columns: auto 1fr; gap: .1rem .8rem; align-items: baseline; }
  .step > header b { grid-row: span 2; font-size: 1.5rem; font-weight: 650; color: var(--accent); line-height: 1; font-variant-numeric: tabular-nums; }
  .tokens { display: flex; flex-wrap: wrap; gap: .25rem; align-items: center; }
  .token {
    display: inline-flex; align-items: center; border: 1px solid var(--line); border-radius: .35rem; padding: .1rem .4rem; font-size: .88rem; line-height: 1.4;
    background: var(--page); white-space: pre; min-height: 1.7rem; color: inherit;
  }
  .token.prompt { border-bottom: 2px solid light-dark(#a96c08, #e0b060); }
  .token.answer { border-bottom: 2px solid light-dark(#1c7c4a, #6fcf97); }
  .token.learned { border-style: dashed; color: var(--muted); }
  .token.image { border-bottom: 2px solid light-dark(#2f74c0, #6fb0f0); padding: .1rem; }
  .note { border-left: 3px solid var(--accent); padding: .35rem .8rem; background: var(--raised); border-radius: 0 .4rem .4rem 0; font-size: .9rem; min-height: 2.2rem; }
  .scroll { overflow-x: auto; }
`;
