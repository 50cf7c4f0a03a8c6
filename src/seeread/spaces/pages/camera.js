// Where one looks from: which part of the map the canvas shows. World coordinates are about -1 to 1, y upwards.

/** The part of the map in sight: its middle (x, y) in the world, and `zoom` pixels per unit. */
export class Camera {
  x = 0;
  y = 0;
  zoom = 200;
  #least = 20;

  /** Pixels across and down. */
  width = 1;
  height = 1;

  toScreen(x, y) {
    return [(x - this.x) * this.zoom + this.width / 2, (this.y - y) * this.zoom + this.height / 2];
  }

  toWorld(left, top) {
    return [(left - this.width / 2) / this.zoom + this.x, this.y - (top - this.height / 2) / this.zoom];
  }

  /** Shows all that lies within these bounds, with some room around it. */
  fit([left, bottom, right, top]) {
    this.x = (left + right) / 2;
    this.y = (bottom + top) / 2;
    const room = Math.min(44, this.width / 10);
    this.zoom = Math.min((this.width - 2 * room) / Math.max(right - left, 1e-3), (this.height - 2 * room) / Math.max(top - bottom, 1e-3));
    this.#least = this.zoom * 0.5;
  }

  /** Nearer by a factor; what is at (left, top) stays there. */
  zoomBy(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.toWorld(left, top);
    this.zoom = Math.min(Math.max(this.zoom * factor, this.#least), this.#least * 400);
    const [after, below] = this.toWorld(left, top);
    this.x += x - after;
    this.y += y - below;
  }

  moveBy(across, down) {
    this.x -= across / this.zoom;
    this.y += down / this.zoom;
  }
}

/** Whether (x, y) lies within a polygon, [x, y, x, y, ...]: a ray to the right crosses its outline an odd number of times. */
export const within = (x, y, outline) => {
  let inside = false;
  for (let i = 0, j = outline.length - 2; i < outline.length; j = i, i += 2) {
    const [ax, ay, bx, by] = [outline[i], outline[i + 1], outline[j], outline[j + 1]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
};

/** The bounds of places [x, y, x, y, ...] without the farthest `share` on each side. */
export const boundsOf = (places, share = 0.002) => {
  const xs = places.filter((_, n) => n % 2 === 0).sort();
  const ys = places.filter((_, n) => n % 2 === 1).sort();
  const cut = Math.floor(xs.length * share);
  const last = xs.length - 1 - cut;
  return [xs[cut], ys[cut], xs[last], ys[last]];
};
