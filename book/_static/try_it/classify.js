/* The upper half of the page: one picture in, probabilities out. */

import { $, drawn, make } from "./dom.js";
import { chooseFiles, onDrop, onPaste, openCamera, say, take } from "./intake.js";
import { largest } from "./head.js";
import { mirrored, probabilities } from "./network.js";
import { centreSquare, prepare, toCanvas } from "./resize.js";
import { openSheet } from "./samples.js";

const LOOK = 320; // longest side of the reader's own picture as the page shows it

/** The book's classifier, as an expert that the upper half can ask. */
export function expertOf(network, { class_names, mirror }) {
  return {
    names: class_names,
    view: network.preprocessing,
    async ask(pixels) {
      const { logits, ms } = await network.run(mirror ? [pixels, mirrored(pixels)] : [pixels]);
      return { shares: probabilities(logits), ms };
    },
  };
}

export class Classify {
  constructor(expert) {
    this.expert = this.books = expert;
    const files = (chosen) => take(chosen.slice(0, 1), $("message"), (bitmap) => this.receive(bitmap));
    onDrop($("classify"), files);
    onPaste(files);
    $("choose").onclick = () => chooseFiles(files, false);
    $("shoot").onclick = () => openCamera($("message"), (bitmap) => this.receive(bitmap), true);
    for (const radio of document.getElementsByName("ti-expert")) {
      radio.onchange = () => this.askExpert(radio.value === "own" ? this.own : this.books);
    }
    for (const id of ["choose", "shoot"]) $(id).disabled = false;
  }

  /** Buttons with the kitchen's pictures. */
  async openGallery(address, gallery) {
    const bitmaps = await openSheet(address, gallery, gallery.answers.length);
    bitmaps.forEach((bitmap, i) => {
      const canvas = drawn(toCanvas(bitmap, gallery.size, "bilinear"));
      const button = make("button", { type: "button", className: "ti-sample" }, canvas);
      button.setAttribute("aria-label", `Picture ${i + 1} of the kitchen`);
      button.onclick = () => this.receive(bitmap, { answer: gallery.answers[i], kind: gallery.kinds[i] });
      $("gallery").append(button);
    });
  }

  /** A picture has come in: answer where the reader sees it. */
  async receive(bitmap, truth) {
    await this.show(bitmap, truth);
    $("answer").scrollIntoView({ block: "nearest" });
  }

  /** Ask about a picture and show the answer; `truth` is what the kitchen knows of its own pictures. */
  async show(bitmap, truth = null) {
    say($("message"), "");
    this.last = [bitmap, truth];
    const started = performance.now();
    const { names, view, ask } = this.expert;
    const pixels = prepare(bitmap, view);
    const { shares, ms } = await ask(pixels);
    const all = performance.now() - started;
    this.showPictures(bitmap, pixels);
    showShares(names, shares);
    $("truth").textContent = truth ? judged(truth, names, shares) : "";
    $("time").textContent = `${ms.toFixed(1)} ms in the network, ${all.toFixed(1)} ms in all.`;
    $("answer").hidden = false;
    $("empty").hidden = true;
  }

  showPictures(bitmap, pixels) {
    const scale = Math.min(1, LOOK / Math.max(bitmap.width, bitmap.height));
    const yours = $("yours");
    yours.width = Math.max(1, Math.round(bitmap.width * scale));
    yours.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = yours.getContext("2d");
    context.drawImage(bitmap, 0, 0, yours.width, yours.height);
    shadeOutside(context, centreSquare(yours));
    const seen = drawn(pixels, "ti-pixels");
    seen.id = "ti-seen";
    seen.setAttribute("role", "img");
    seen.setAttribute("aria-label", `The picture in ${pixels.width} by ${pixels.height} pixels`);
    $("seen").replaceWith(seen);
    $("seen-size").textContent = `${pixels.width} × ${pixels.height}`;
  }

  /** Offer a head that the reader has taught. */
  offer(expert) {
    this.own = expert;
    $("experts").hidden = false;
    if (this.expert !== this.books) this.askExpert(expert);
  }

  askExpert(expert) {
    this.expert = expert;
    if (this.last) return this.show(...this.last);
  }
}

/** Darken what the network does not get to see. */
function shadeOutside(context, { left, top, side }) {
  const { width, height } = context.canvas;
  context.fillStyle = "rgb(40 40 40 / 65%)";
  context.beginPath();
  context.rect(0, 0, width, height);
  context.rect(left, top, side, side);
  context.fill("evenodd");
}

/** Whether the answer is what the kitchen meant to draw; another head's classes may not say. */
function judged({ answer, kind }, names, shares) {
  const drew = `The kitchen drew this as ${answer} (${kind}).`;
  if (!names.includes(answer)) return drew;
  return `${names[largest(shares)] === answer ? "Right." : "Wrong."} ${drew}`;
}

function showShares(names, shares) {
  const best = largest(shares);
  $("verdict").textContent = names[best];
  $("verdict").dataset.class = best;
  const rows = names.map((name, i) => {
    const bar = make("span", { className: "ti-bar" });
    bar.style.setProperty("--share", shares[i]);
    bar.dataset.class = i;
    const number = make("output", {}, shares[i].toFixed(3));
    return make("li", {}, make("span", { className: "ti-name" }, name), bar, number);
  });
  $("shares").replaceChildren(...rows);
}
