// The arrows between boxes, as paths of an SVG that lies over the boxes of one row of boxes and the next.

const GAP = 9; // pixels between two lines that run down the same side
const MARGIN = 10; // pixels between the boxes and the first of these lines
const BEND = 7; // the radius of a corner

/**
 * The paths of all edges, [{d, start, end}]. `place(key)` gives {left, right, top, bottom} of a node, in pixels within
 * the box that is drawn, `size` the box's own {width, height}, `rows` the row of each key.
 */
export function arrows(edges, place, size, rows) {
  const middle = size.width / 2;
  const all = [...rows.keys()].map((key) => ({ key, row: rows.get(key), ...place(key) }));
  const extent = { left: Math.min(middle, ...all.map(({ left }) => left)), right: Math.max(middle, ...all.map(({ right }) => right)) };
  const sides = { left: 0, right: 0 };
  return edges.map(({ start, end }) => {
    const from = start === "in" ? { left: middle, right: middle, bottom: 0 } : place(start);
    const to = end === "out" ? { left: middle, right: middle, top: size.height } : place(end);
    const [above, below] = [rows.get(start) ?? -1, rows.get(end) ?? Infinity];
    const between = all.filter(({ row }) => row > above && row < below);
    const x = [centre(from), centre(to)];
    const free = x.find((one) => between.every(({ left, right }) => one < left - 3 || one > right + 3));
    let d;
    if (!between.length) d = curve(x[0], from.bottom, x[1], to.top);
    else if (free !== undefined) d = down(x[0], from.bottom, free, x[1], to.top);
    else {
      const side = centre(to) > middle + 1 || sides.left > sides.right ? "right" : "left";
      const far = MARGIN + GAP * sides[side]++;
      d = around(from, to, side === "left" ? extent.left - far : extent.right + far, side, start === "in", end === "out");
    }
    return { d, start, end };
  });
}

const centre = ({ left, right }) => (left + right) / 2;

function curve(x, y, toX, toY) {
  if (Math.abs(x - toX) < 1) return `M${x} ${y}V${toY}`;
  const begin = Math.max(y, toY - 30); // a long way goes straight down first
  const half = (begin + toY) / 2;
  return `M${x} ${y}V${begin}C${x} ${half} ${toX} ${half} ${toX} ${toY}`;
}

/** Straight down where nothing is in the way, and then over. */
function down(x, y, free, toX, toY) {
  const end = toY - 16, begin = y + 16;
  if (Math.abs(free - x) < 1) return `M${x} ${y}V${end}C${x} ${toY - 6} ${toX} ${end + 4} ${toX} ${toY}`;
  return `M${x} ${y}C${x} ${begin - 4} ${free} ${y + 6} ${free} ${begin}V${toY}`;
}

/** Down a side of all boxes that are in the way. */
function around(from, to, x, side, enters, leaves) {
  const sign = side === "left" ? 1 : -1;
  const y = enters ? from.bottom + 2 : from.bottom + 5;
  const begin = `M${centre(from)} ${from.bottom}V${y}H${x + sign * BEND}Q${x} ${y} ${x} ${y + BEND}`;
  if (leaves) return `${begin}V${to.top - 4 - BEND}Q${x} ${to.top - 4} ${x + sign * BEND} ${to.top - 4}H${centre(to)}`;
  const level = (to.top + to.bottom) / 2;
  return `${begin}V${level - BEND}Q${x} ${level} ${x + sign * BEND} ${level}H${side === "left" ? to.left : to.right}`;
}
