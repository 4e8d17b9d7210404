/* One lesson: pictures in classes, and a head taught on two networks' features of them. */

import { teach } from "./head.js";
import { probabilities } from "./network.js";

/** Of a reader's own pictures every fourth, from the third on, is kept aside to test the head. */
const keptAside = (position) => position % 4 === 2;
export const FEWEST = 3;

export class SchoolClass {
  constructor(name) {
    this.name = name;
    this.pictures = []; // { pixels: ImageData, aside: bool, features: Map of network -> array }
    this.taken = new Map(); // sheet -> how many of its pictures are in
  }

  add(pixels, aside = keptAside(this.pictures.length)) {
    this.pictures.push({ pixels, aside, features: new Map() });
  }

  part(aside) {
    return this.pictures.filter((picture) => picture.aside === aside);
  }
}

/** What keeps these classes from being taught, in a sentence; empty when nothing does. */
export function obstacle(classes) {
  const names = classes.map(({ name }) => name.trim());
  if (names.some((name) => !name)) return "Give every class a name.";
  if (new Set(names).size < names.length) return "Two classes have the same name.";
  const poor = classes.find(({ pictures }) => pictures.length < FEWEST);
  if (poor) return `“${poor.name}” has too few pictures: give it at least ${FEWEST}.`;
  const untested = classes.find((one) => !one.part(true).length);
  return untested ? `“${untested.name}” has no picture kept aside: give it one more.` : "";
}

/** Fill in the features of every picture by every network; `progress(done, all)` after each. */
export async function look(classes, networks, progress) {
  const pictures = classes.flatMap((one) => one.pictures);
  let done = 0;
  for (const picture of pictures) {
    for (const network of networks) {
      if (!picture.features.has(network)) {
        const { features } = await network.run([picture.pixels]);
        picture.features.set(network, features[0]);
      }
    }
    await progress(++done, pictures.length);
  }
}

/** Features by one network and class numbers, of the pictures to learn from or of those kept aside. */
export function table(classes, network, aside) {
  const rows = [], targets = [];
  classes.forEach((one, number) =>
    one.part(aside).forEach((picture) => {
      rows.push(picture.features.get(network));
      targets.push(number);
    })
  );
  return { rows, targets };
}

/**
 * A head on one network's features, taught step by step: iterate over it.
 * Yields { step, loss, right, of }: how many of the pictures kept aside it has right, of how many.
 */
export function* lesson(classes, network) {
  const learned = table(classes, network, false), aside = table(classes, network, true);
  for (const { step, loss, head } of teach(learned.rows, learned.targets, classes.length)) {
    yield { step, loss, head, right: head.right(aside.rows, aside.targets), of: aside.rows.length };
  }
}

/** The reader's head as an expert that the upper half of the page can ask. */
export function expertOfHead(network, head, names) {
  return {
    names,
    view: network.preprocessing,
    async ask(pixels) {
      const { features, ms } = await network.run([pixels]);
      return { shares: probabilities([head.logits(features[0])]), ms };
    },
  };
}
