/* The lower half of the page: the reader's classes, a lesson, and the head to take home. */

import { Chart } from "./chart.js";
import { classCard } from "./class_card.js";
import { $, make, nextFrame } from "./dom.js";
import { STEPS } from "./head.js";
import { say } from "./intake.js";
import { expertOfHead, lesson, look, obstacle, SchoolClass } from "./lesson.js";
import { prepare } from "./resize.js";
import { headFile } from "./safetensors.js";
import { openSheet } from "./samples.js";

const MOST_CLASSES = 5, FEWEST_CLASSES = 2;
const FRAMES = 100; // of the curve, so that it can be watched

export class Teach {
  /** `openNetwork(name)` fetches "source" or "random"; `offer(expert)` hands the head upwards. */
  constructor(parts, base, openNetwork, offer) {
    Object.assign(this, { parts, base, openNetwork, offer });
    this.cards = []; // { one: SchoolClass, card: element, fromKitchen: function }
    this.sheets = new Map();
    this.version = 0; // of the classes: one more with each change
    for (const { name } of parts.sheets.slice(0, FEWEST_CLASSES)) this.addClass(name);
    $("add").onclick = () => this.addClass(parts.sheets[this.cards.length].name);
    $("example").onclick = () => this.run(() => this.example());
    $("train").onclick = () => this.run(() => this.train());
    $("download").onclick = () => this.download();
    for (const id of ["add", "example", "train"]) $(id).disabled = false;
  }

  get classes() {
    return this.cards.map(({ one }) => one);
  }

  addClass(name) {
    const made = classCard(new SchoolClass(name), {
      sheets: this.parts.sheets.map((sheet) => sheet.name),
      sheet: (wanted) => this.sheet(wanted),
      shrink: (bitmap) => prepare(bitmap, this.parts.source.preprocessing),
      messages: $("teach-message"),
      changed: () => this.changed(),
      remove: () => this.removeClass(made),
    });
    this.cards.push(made);
    $("classes").append(made.card);
    this.changed();
  }

  removeClass(gone) {
    if (this.cards.length <= FEWEST_CLASSES) return say($("teach-message"), "A head needs two classes.");
    this.cards = this.cards.filter((made) => made !== gone);
    gone.card.remove();
    this.changed();
  }

  /** What was learned no longer belongs to the pictures that are shown. */
  changed() {
    this.version += 1;
    $("add").disabled = this.cards.length >= MOST_CLASSES;
    $("download").disabled = true;
    $("result").hidden = true;
  }

  sheet(name) {
    if (!this.sheets.has(name)) {
      const entry = this.parts.sheets.find((sheet) => sheet.name === name);
      this.sheets.set(name, openSheet(new URL(entry.file, this.base), entry, entry.count));
    }
    return this.sheets.get(name);
  }

  /** For those who have no pictures at hand: the kitchen fills the classes that are empty. */
  async example() {
    for (const { one, fromKitchen } of this.cards) {
      if (!one.pictures.length) await fromKitchen();
    }
    await this.train();
  }

  /** One thing at a time; what goes wrong is said. Buttons stay enabled, so that they keep the focus. */
  async run(task) {
    if (this.busy) return;
    this.busy = true;
    try {
      await task();
    } catch (error) {
      say($("teach-message"), `That did not work: ${error.message}.`);
      throw error;
    } finally {
      this.busy = false;
    }
  }

  async train() {
    const { classes, version } = this;
    const fault = obstacle(classes);
    say($("teach-message"), fault);
    if (fault) return;
    $("result").hidden = false;
    say($("progress"), "Fetching two networks …");
    const networks = await Promise.all(["source", "random"].map(this.openNetwork));
    await look(classes, networks, async (done, all) => {
      say($("progress"), `Looking at picture ${done} of ${all} with both networks …`);
      if (done % 4 === 0) await nextFrame();
    });
    const states = await this.watch(classes, networks);
    if (version !== this.version) return; // the reader has changed the classes meanwhile
    say($("progress"), summary(states));
    this.keep(classes, networks[0], states[0]);
  }

  /** Teach both heads side by side, with a frame now and then. Returns the last state of each. */
  async watch(classes, networks) {
    say($("progress"), "Teaching …");
    const chart = new Chart($("chart"), STEPS, Math.log(classes.length));
    const lessons = networks.map((network) => lesson(classes, network));
    const states = [];
    for (let step = 1; step <= STEPS; step++) {
      lessons.forEach((pupil, i) => (states[i] = pupil.next().value));
      if (!isFrame(step)) continue;
      states.forEach((state, i) => {
        chart.add(i, step, state.loss);
        showState(["trained", "random"][i], state);
      });
      await nextFrame();
    }
    return states;
  }

  keep(classes, network, { head, right, of, loss }) {
    this.head = head;
    this.names = classes.map(({ name }) => name.trim());
    this.provenance = {
      made_by: "Try it in the page",
      pictures: Object.fromEntries(classes.map((one, i) => [this.names[i], one.part(false).length])),
      kept_aside: { right, of },
      loss,
    };
    $("download").disabled = false;
    this.offer(expertOfHead(network, head, this.names));
  }

  download() {
    const file = headFile(this.head, this.names, this.parts.head, this.provenance);
    const address = URL.createObjectURL(file);
    make("a", { href: address, download: "head.safetensors" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
}

/** Whether the curve is drawn at a step: at the first, the last, and evenly on its scale between. */
function isFrame(step) {
  const frame = (at) => Math.floor((FRAMES * Math.log(at)) / Math.log(STEPS));
  return step === 1 || frame(step) > frame(step - 1);
}

function summary([trained, random]) {
  return (
    `Of the ${trained.of} pictures kept aside, the trained network's head has ${trained.right} right, ` +
    `the random network's ${random.right}.`
  );
}

function showState(which, { loss, right, of }) {
  $(`${which}-loss`).textContent = loss.toFixed(3);
  $(`${which}-right`).textContent = `${right} of ${of}`;
  $(`${which}-bar`).style.setProperty("--share", right / of);
}
