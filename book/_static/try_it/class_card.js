/* One class of the reader's: a card with its name, its pictures and the ways to add more. */

import { drawn } from "./dom.js";
import { chooseFiles, onDrop, openCamera, say, take } from "./intake.js";

const TO_LEARN = 10; // pictures of the kitchen a press of the button
const KEPT_ASIDE = 30; // the last ones of a sheet; they come with the first press

/**
 * Make the card of a SchoolClass from the page's template. `context` has
 * sheets (names), sheet(name) -> ImageBitmaps, shrink(bitmap) -> ImageData, messages, changed() and
 * remove().
 */
export function classCard(one, context) {
  const card = document.getElementById("ti-class").content.firstElementChild.cloneNode(true);
  const part = (name) => card.querySelector(`.ti-${name}`);
  const name = part("class-name");
  name.value = one.name;
  name.oninput = () => {
    one.name = name.value;
    context.changed();
  };
  const add = (bitmap) => {
    one.add(context.shrink(bitmap));
    bitmap.close(); // a photograph takes fifty megabytes
    show();
  };
  const show = () => {
    part("thumbs").replaceChildren(...one.part(false).map(({ pixels }) => drawn(pixels)));
    part("count").textContent = counted(one);
    context.changed();
  };
  const files = (chosen) => take(chosen, context.messages, add);
  onDrop(card, files);
  part("files").onclick = () => chooseFiles(files, true);
  part("camera").onclick = () => openCamera(context.messages, add);
  part("remove").onclick = () => context.remove();
  part("clear").onclick = () => {
    one.pictures = [];
    one.taken.clear();
    show();
  };
  const choice = part("sheet");
  choice.append(...context.sheets.map((sheet) => new Option(sheet)));
  choice.value = context.sheets.includes(one.name) ? one.name : context.sheets[0];
  part("kitchen").onclick = fromKitchen;

  /** Ten pictures of the chosen sheet to learn from; with the first ten, those to test on. */
  async function fromKitchen() {
    const sheet = choice.value;
    const bitmaps = await context.sheet(sheet);
    const already = one.taken.get(sheet) ?? 0;
    const fresh = bitmaps.slice(already, Math.min(already + TO_LEARN, bitmaps.length - KEPT_ASIDE));
    if (!fresh.length) return say(context.messages, `The kitchen has no more ${sheet} here.`);
    fresh.forEach((bitmap) => one.add(context.shrink(bitmap), false));
    const aside = already ? [] : bitmaps.slice(-KEPT_ASIDE);
    aside.forEach((bitmap) => one.add(context.shrink(bitmap), true));
    one.taken.set(sheet, already + fresh.length);
    say(context.messages, "");
    show();
  }

  show();
  return { one, card, fromKitchen };
}

function counted(one) {
  const [learned, aside] = [false, true].map((which) => one.part(which).length);
  if (!learned && !aside) return "No pictures yet: drop some here.";
  return `${learned} to learn from, ${aside} kept aside`;
}
