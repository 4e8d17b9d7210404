/* The loss curves of two heads, drawn while they learn. Steps are spaced as 1, 10, 100: most of
   the way down is behind them after ten. */

const SVG = "http://www.w3.org/2000/svg";
const FRAME = { left: 34, right: 8, top: 10, bottom: 24, width: 420, height: 190 };

function draw(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

/** A chart of loss against step; `most` is the loss at the top, the one of a head that guesses. */
export class Chart {
  constructor(place, steps, most) {
    this.steps = steps;
    this.most = most;
    const svg = draw("svg", { viewBox: `0 0 ${FRAME.width} ${FRAME.height}`, "aria-hidden": "true" });
    for (const loss of [0, most / 2, most]) {
      const y = this.y(loss);
      svg.append(draw("line", { x1: FRAME.left, x2: FRAME.width - FRAME.right, y1: y, y2: y, class: "ti-grid" }));
      svg.append(draw("text", { x: FRAME.left - 5, y: y + 4, "text-anchor": "end" }, loss.toFixed(2)));
    }
    for (const step of [1, 10, 100, steps]) {
      const anchor = { 1: "start", [steps]: "end" }[step] ?? "middle";
      const place = { x: this.x(step), y: FRAME.height - 6, "text-anchor": anchor };
      svg.append(draw("text", place, step === 1 ? "step 1" : step));
    }
    this.lines = ["trained", "random"].map((name) => draw("polyline", { class: `ti-line ti-${name}` }));
    this.points = [[], []];
    svg.append(...this.lines);
    place.replaceChildren(svg);
  }

  x(step) {
    return FRAME.left + (Math.log(step) / Math.log(this.steps)) * (FRAME.width - FRAME.left - FRAME.right);
  }

  y(loss) {
    const share = Math.min(loss / this.most, 1);
    return FRAME.height - FRAME.bottom - share * (FRAME.height - FRAME.bottom - FRAME.top);
  }

  /** Add a point to line 0 (the trained network's head) or 1 (the random one's). */
  add(line, step, loss) {
    this.points[line].push(`${this.x(step).toFixed(1)},${this.y(loss).toFixed(1)}`);
    this.lines[line].setAttribute("points", this.points[line].join(" "));
  }
}
