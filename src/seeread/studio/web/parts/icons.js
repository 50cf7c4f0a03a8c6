// Small drawings for the shell, 24 x 24, in lines of the colour of the text.
import { svg } from "/web/vendor/lit.js";

export const PAGE_ICONS = {
  ask: svg`<path d="M4 5h16v11H9l-5 4z"/>`,
  inside: svg`<path d="M12 3l9 5-9 5-9-5z"/><path d="M3 12.5l9 5 9-5"/><path d="M3 17l9 5 9-5" opacity=".6"/>`,
  compare: svg`<rect x="3" y="5" width="7" height="14" rx="1.5"/><rect x="14" y="5" width="7" height="14" rx="1.5"/>`,
  space: svg`<circle cx="6" cy="7" r="2"/><circle cx="15" cy="5" r="2"/><circle cx="19" cy="13" r="2"/>
    <circle cx="9" cy="15" r="2"/><circle cx="15" cy="20" r="2"/>`,
  scores: svg`<path d="M4 20V11M10 20V4M16 20v-6M21 20H3"/>`,
};

export const KEYBOARD = svg`<rect x="2.5" y="6" width="19" height="12" rx="2"/>
  <path d="M6 10h.01M10 10h.01M14 10h.01M18 10h.01M8 14h8"/>`;
export const SUN = svg`<circle cx="12" cy="12" r="4"/><path d="M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1
  1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1"/>`;
export const MOON = svg`<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>`;
