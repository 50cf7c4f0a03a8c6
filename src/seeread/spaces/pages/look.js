// What <sr-space> looks like. Colours are those of the page around it.
export const LOOK = `
:host { display: block; color: var(--text); --round: .6rem; }
* { box-sizing: border-box; }
button, input { font: inherit; color: inherit; }
button { background: var(--raised); border: 1px solid var(--line); border-radius: .45rem; padding: .3rem .7rem; cursor: pointer; line-height: 1.35; }
button:hover:not(:disabled) { border-color: var(--muted); }
button[aria-pressed="true"], button[aria-checked="true"] { background: var(--text); color: var(--page); border-color: var(--text); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
[hidden] { display: none !important; }
p, h2, h3, ul, dl, dd { margin: 0; padding: 0; }
h2 { font-size: 1.02rem; line-height: 1.3; overflow-wrap: anywhere; }
h3 { font-size: .9rem; margin-bottom: .4rem; }
.muted { color: var(--muted); }
.small { font-size: .84rem; line-height: 1.42; }
.number { font-variant-numeric: tabular-nums; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-bottom: .6rem; }
form { flex: 1 1 15rem; display: flex; gap: .4rem; min-width: 0; }
input { flex: 1; min-width: 0; background: var(--page); border: 1px solid var(--line); border-radius: .45rem; padding: .35rem .7rem; }
.choice { display: flex; }
.choice button { border-radius: 0; margin-left: -1px; }
.choice button:first-child { border-radius: .45rem 0 0 .45rem; margin-left: 0; }
.choice button:last-child { border-radius: 0 .45rem .45rem 0; }
.zoom { display: flex; gap: .25rem; }
.zoom button { width: 2.2rem; padding: .3rem 0; }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; margin-bottom: .6rem; }
.chip { display: inline-flex; max-width: 100%; }
.chip button:first-child { border-radius: 1rem 0 0 1rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.chip button:last-child { border-radius: 0 1rem 1rem 0; margin-left: -1px; padding: .3rem .6rem; }
.stage { display: grid; grid-template-columns: minmax(0, 1fr) 20rem; gap: 1rem; height: clamp(26rem, calc(100vh - var(--around, 9.5rem)), 64rem); }
.map { position: relative; border: 1px solid var(--line); border-radius: var(--round); overflow: hidden; min-height: 0; }
canvas.sky { display: block; width: 100%; height: 100%; touch-action: none; cursor: grab; }
canvas.sky:focus-visible { outline-offset: -2px; }
canvas.sky.moving { cursor: grabbing; }
canvas.sky.point { cursor: pointer; }
canvas.sky.lasso { cursor: crosshair; }
.legend { position: absolute; left: .6rem; bottom: .6rem; display: flex; flex-wrap: wrap; gap: .3rem; font-size: .8rem; max-width: calc(100% - 1.2rem); }
.legend button { padding: .12rem .6rem; border-radius: 1rem; background: color-mix(in srgb, var(--page) 86%, transparent); }
.legend button[aria-pressed="true"] { background: color-mix(in srgb, var(--page) 86%, transparent); color: var(--text); border-color: var(--line); }
.legend button[aria-pressed="false"] { color: var(--muted); text-decoration: line-through; }
.scale { position: absolute; right: .6rem; top: .6rem; background: color-mix(in srgb, var(--page) 90%, transparent); border: 1px solid var(--line); border-radius: .45rem; padding: .35rem .6rem; font-size: .8rem; max-width: 15rem; }
.scale i { display: block; height: .5rem; border-radius: .25rem; margin: .25rem 0 .1rem; }
.scale div { display: flex; justify-content: space-between; gap: 1rem; }
.card { position: absolute; z-index: 2; pointer-events: none; width: 11.5rem; background: var(--page); border: 1px solid var(--line); border-radius: var(--round); padding: .5rem; box-shadow: 0 4px 18px rgb(10 20 40 / .18); font-size: .82rem; line-height: 1.35; overflow-wrap: anywhere; }
.card canvas, .card img, .large { display: block; max-width: 100%; margin: 0 auto .4rem; border-radius: .35rem; }
.card p { display: -webkit-box; -webkit-line-clamp: 4; -webkit-box-orient: vertical; overflow: hidden; }
.large { max-height: 15rem; object-fit: contain; }
.panel { overflow-y: auto; overscroll-behavior: contain; min-height: 0; display: flex; flex-direction: column; gap: 1.3rem; padding: .1rem .35rem .5rem .1rem; scrollbar-width: thin; }
.panel > header button { flex: none; white-space: nowrap; }
.panel > header { display: flex; gap: .6rem; justify-content: space-between; align-items: start; }
.panel section { display: flex; flex-direction: column; gap: .45rem; }
.panel section > h3 { margin: 0; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(3.9rem, 1fr)); gap: .4rem; }
.grid button { padding: 0; aspect-ratio: 1; overflow: hidden; background: var(--raised); border-radius: .4rem; display: grid; place-items: center; }
.grid canvas { max-width: 100%; max-height: 100%; display: block; }
.groups { display: flex; flex-direction: column; gap: .15rem; list-style: none; }
.groups button { width: 100%; display: grid; grid-template-columns: 2.6rem 1fr auto; gap: .7rem; align-items: center; text-align: left; border-color: transparent; background: none; padding: .25rem .4rem; }
.groups button:hover { background: var(--raised); }
.groups canvas { max-width: 2.6rem; max-height: 2.6rem; margin: 0 auto; border-radius: .3rem; display: block; }
.groups b { display: flex; gap: .45rem; align-items: center; font-weight: 600; overflow-wrap: anywhere; }
.groups i { flex: none; width: .65rem; height: .65rem; border-radius: 50%; }
.bars { display: grid; grid-template-columns: minmax(0, 9.5rem) 1fr 2.6rem; gap: .35rem .6rem; align-items: center; font-size: .84rem; line-height: 1.3; }
.bars dt { color: var(--muted); }
.bars .track { height: .5rem; background: var(--raised); border-radius: .25rem; overflow: hidden; }
.bars .track i { display: block; height: 100%; background: var(--link); border-radius: .25rem; }
.bars .number { text-align: right; }
.texts { list-style: none; display: flex; flex-direction: column; gap: .15rem; }
.texts button { width: 100%; text-align: left; border-color: transparent; background: none; padding: .2rem .4rem; overflow-wrap: anywhere; }
.texts button:hover { background: var(--raised); }
.row { display: flex; flex-wrap: wrap; gap: .4rem; }
.trouble { color: var(--bad, #b3372f); font-size: .88rem; margin-bottom: .5rem; }
@media (pointer: coarse) { .zoom button:not(:last-child) { display: none; } } /* two fingers do that */
@media (max-width: 760px) {
  .stage { grid-template-columns: 1fr; height: auto; }
  .map { height: 62vh; min-height: 20rem; }
  .panel { overflow: visible; }
  .card { width: 9.5rem; }
  form { flex-basis: 100%; }
  .bar { gap: .4rem; }
  .bar button { padding: .3rem .5rem; }
  .zoom button { width: 1.9rem; }
}
`;
