// What a diagram looks like. Blue works on the picture, amber on words, and violet on what both have come to.
import { css } from "/web/vendor/lit.js";

export const style = css`
  :host { --picture: light-dark(#2f74c0, #6fb0f0); --words: light-dark(#a96c08, #e0b060); --both: light-dark(#8250b8, #c09af0); }
  .legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; font-size: .82rem; color: var(--muted); margin-bottom: .7rem; }
  .legend span::before { content: ""; display: inline-block; width: .7rem; height: .7rem; border-radius: .2rem; margin-right: .4rem; background: var(--tint); vertical-align: -.05rem; }
  .picture { --tint: var(--picture); }
  .words { --tint: var(--words); }
  .both { --tint: var(--both); }
  .neither { --tint: var(--muted); }
  .with { display: grid; grid-template-columns: minmax(0, 1fr) minmax(13rem, 17rem); gap: 1.2rem; align-items: start; }
  .box {
    position: relative; min-width: 0; width: fit-content; max-width: 100%; justify-self: center; border: 1px solid color-mix(in srgb, var(--tint) 42%, var(--line));
    border-radius: .55rem; background: color-mix(in srgb, var(--tint) 5%, var(--page));
  }
  .box.open { width: auto; background: color-mix(in srgb, var(--tint) 3%, var(--page)); }
  .box.whole { justify-self: stretch; }
  .box.like { box-shadow: 3px 3px 0 -1px var(--page), 3px 3px 0 0 color-mix(in srgb, var(--tint) 35%, var(--line)), 6px 6px 0 -1px var(--page), 6px 6px 0 0 color-mix(in srgb, var(--tint) 25%, var(--line)); margin: 0 6px 6px 0; }
  .head { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem .4rem; padding: .3rem .6rem; border-radius: .5rem; cursor: default; line-height: 1.3; min-height: 2rem; user-select: none; }
  .openable > .head { cursor: pointer; }
  .head:hover { background: color-mix(in srgb, var(--tint) 12%, transparent); }
  .head:focus-visible { outline-offset: 0; }
  .sign { flex: none; width: 1.15rem; height: 1.15rem; border: 1px solid var(--tint); border-radius: .3rem; color: var(--tint); font: 700 .85rem/1 var(--sans); display: grid; place-items: center; background: var(--page); }
  .name { font-weight: 580; font-size: .9rem; overflow-wrap: normal; }
  .times { color: var(--tint); font-weight: 650; font-size: .82rem; white-space: nowrap; }
  .shape { color: var(--muted); font-size: .76rem; font-variant-numeric: tabular-nums; margin-left: auto; padding-left: .5rem; white-space: nowrap; }
  .join { justify-self: center; width: 1.5rem; height: 1.5rem; border-radius: 50%; border: 1.5px solid var(--tint); background: var(--page); color: var(--tint); display: grid; place-items: center; font-weight: 700; font-size: .9rem; line-height: 1; cursor: default; }
  .source { justify-self: center; font-size: .82rem; color: var(--tint); border: 1px dashed var(--tint); border-radius: 1rem; padding: .1rem .7rem; background: var(--page); white-space: nowrap; }
  .inside { position: relative; display: grid; gap: 1.15rem .7rem; padding: 1.1rem 2.1rem 1.2rem; align-items: center; justify-content: center; }
  .inside.plain { padding-inline: .8rem; }
  .inside > .cell { position: relative; z-index: 1; display: grid; min-width: 0; }
  svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; pointer-events: none; }
  path { fill: none; stroke: color-mix(in srgb, var(--text) 45%, var(--page)); stroke-width: 1.4; }
  path.beside { stroke-dasharray: 4 3; }
  path.lit { stroke: var(--accent); stroke-width: 2.2; }
  .note { position: sticky; top: 4.6rem; border: 1px solid var(--line); border-radius: var(--round); padding: .9rem 1rem; display: grid; gap: .5rem; font-size: .88rem; border-top: 3px solid var(--tint); }
  .note h3 { font-size: 1rem; }
  .note dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem .7rem; margin: 0; }
  .note dt { color: var(--muted); }
  .note dd { margin: 0; font-variant-numeric: tabular-nums; }
  .note .mono { color: var(--muted); font-size: .78rem; }
  @container (max-width: 40rem) {
    .with { grid-template-columns: minmax(0, 1fr); }
    .note { position: sticky; top: auto; bottom: 4.4rem; order: 2; background: var(--page); z-index: 3; box-shadow: var(--shadow); padding: .6rem .8rem; gap: .25rem; }
    .note .mono, .note .more, .note dl { display: none; }
    .inside { padding: .9rem 1.35rem 1rem; gap: 1rem .35rem; }
    .inside.plain { padding-inline: .35rem; }
    .head { padding: .25rem .4rem; gap: .3rem; }
    .name { font-size: .82rem; }
    .shape { display: none; }
  }
`;
