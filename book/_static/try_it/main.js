/* Starts the page: fetch parts.json, the engine and the classifier, then wake both halves. */

import { Classify, expertOf } from "./classify.js";
import { $ } from "./dom.js";
import { forgiveNearMisses, say } from "./intake.js";
import { bestDevice, Engine, Network } from "./network.js";
import { Teach } from "./teach.js";

const MADE = new URL("../made/try_it/", import.meta.url);
const WHERE = { webgpu: "on your graphics card, by WebGPU", wasm: "on your processor, by WebAssembly" };

async function start() {
  forgiveNearMisses();
  const answer = await fetch(new URL("parts.json", MADE));
  if (!answer.ok) throw new Error("parts.json is missing; build the book again");
  const parts = await answer.json();
  const { engine, open, trouble } = await openClassifier(parts);
  const classify = new Classify(expertOf(await open("classifier"), parts.classifier));
  await classify.openGallery(new URL(parts.gallery.file, MADE), parts.gallery);
  new Teach(parts, MADE, open, (expert) => classify.offer(expert));
  say($("status"), `${trouble}Ready: the network runs ${WHERE[engine.device]}.`);
  document.documentElement.dataset.tryIt = "ready";
}

/**
 * The engine, with the classifier open, and a function that opens a network by its name in parts.
 * Where WebGPU fails, WebAssembly takes over and `trouble` says so. "?engine=wasm" asks for one.
 */
async function openClassifier(parts) {
  const asked = new URLSearchParams(location.search).get("engine");
  const device = asked in WHERE ? asked : await bestDevice();
  say($("status"), `Loading the engine and the network, to run ${WHERE[device]} …`);
  try {
    return { ...(await openOn(device, parts)), trouble: "" };
  } catch (error) {
    if (device === "wasm") throw error;
    return { ...(await openOn("wasm", parts)), trouble: `WebGPU failed here (${error.message}). ` };
  }
}

async function openOn(device, parts) {
  const engine = await Engine.open(device);
  const opened = new Map();
  const open = (name) => {
    const { file, preprocessing, mirror } = parts[name];
    const load = () => Network.open(engine, new URL(file, MADE), preprocessing, mirror ? 2 : 1);
    if (!opened.has(name)) opened.set(name, load());
    return opened.get(name);
  };
  await open("classifier");
  return { engine, open };
}

start().catch((error) => {
  say($("status"), `The network could not be started: ${error.message}.`);
  $("status").classList.add("ti-fault");
  throw error;
});
