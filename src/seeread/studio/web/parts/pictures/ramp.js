// The colours of maps, as the library draws them: from nothing through purple, red and orange to a light yellow; grey
// where a map is not to be believed. Steps look equally large: lightness and hue go evenly in Oklab (Ottosson, 2020).
const LIGHTNESS = [0.36, 0.94];
const HUE = [298, 462];
const CHROMA = [[0, 0.16], [0.45, 0.205], [1, 0.165]]; // by share
const GREYS = [0.25, 0.97];

/** How much of the picture a map hides where it is hottest. */
export const COVERED = 0.74;

const known = new Map();

/** 256 colours [red, green, blue], from the coldest to the hottest. */
export function ramp(believed = true) {
  if (!known.has(believed)) {
    known.set(believed, Array.from({ length: 256 }, (_, step) => colourOf(step / 255, believed)));
  }
  return known.get(believed);
}

/** The colour of a share from 0 to 1, for a style sheet. */
export function heatColour(share, believed = true) {
  const step = Math.round(255 * Math.min(Math.max(share, 0), 1));
  return `rgb(${ramp(believed)[step].join(" ")})`;
}

const mixed = ([from, to], share) => from + (to - from) * share;

function colourOf(share, believed) {
  if (!believed) return screen(mixed(GREYS, share), 0, 0);
  const after = CHROMA.findIndex(([place]) => share <= place) || 1;
  const [[low, from], [high, to]] = [CHROMA[after - 1], CHROMA[after]];
  const chroma = mixed([from, to], (share - low) / (high - low));
  const angle = (mixed(HUE, share) * Math.PI) / 180;
  return screen(mixed(LIGHTNESS, share), chroma * Math.cos(angle), chroma * Math.sin(angle));
}

/** Oklab to sRGB, 0 to 255; what no screen shows is moved to the nearest that it does. */
function screen(lightness, a, b) {
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
  ].map((linear) => {
    const light = Math.min(Math.max(linear, 0), 1);
    return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
  });
}
