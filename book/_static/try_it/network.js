/* Networks in the page. onnxruntime-web computes: on the graphics card where the browser offers
   WebGPU, else on the processor by WebAssembly. Both come with the book, from its own server. */

const ENGINE = new URL("../vendor/onnxruntime-web/", import.meta.url);

/** The device that this browser has: "webgpu" or "wasm". */
export async function bestDevice() {
  try {
    return (await navigator.gpu?.requestAdapter()) ? "webgpu" : "wasm";
  } catch {
    return "wasm";
  }
}

/** onnxruntime-web for one device. It does one thing at a time: on a GPU it breaks if it must do two. */
export class Engine {
  static async open(device) {
    const ort = await import(new URL(`ort.${device}.bundle.min.mjs`, ENGINE).href);
    // Threads need a page that is isolated from all others, which a plain server cannot promise.
    ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
    ort.env.logLevel = "error";
    return Object.assign(new Engine(), { ort, device, last: Promise.resolve() });
  }

  /** Do a task when all that were asked for before it are done. */
  inTurn(task) {
    const result = this.last.then(task);
    this.last = result.catch(() => {});
    return result;
  }
}

/** A network from an .onnx file, with the preprocessing that it was trained with. */
export class Network {
  constructor(engine, session, preprocessing) {
    Object.assign(this, { engine, session, preprocessing });
  }

  /**
   * Fetch a file and make it ready for batches of so many views; the first run, which is slow, is
   * over when this returns.
   */
  static async open(engine, address, preprocessing, views = 1) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address} is missing (${answer.status}); build the book again`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const options = { executionProviders: [engine.device] };
    const session = await engine.inTurn(() => engine.ort.InferenceSession.create(bytes, options));
    const network = new Network(engine, session, preprocessing);
    const blank = new ImageData(preprocessing.crop_size, preprocessing.crop_size);
    await network.run(Array(views).fill(blank));
    return network;
  }

  /**
   * Run views of one picture, ImageData of crop_size x crop_size pixels, as one batch.
   * Returns { features, logits }, an array for each view, and the milliseconds that it took.
   */
  run(views) {
    return this.engine.inTurn(() => this.compute(views));
  }

  async compute(views) {
    const { crop_size: side } = this.preprocessing;
    const input = new Float32Array(views.length * 3 * side * side); // (B, 3, side, side)
    views.forEach((view, i) => normalise(view, this.preprocessing, input, i * 3 * side * side));
    const started = performance.now();
    const images = new this.engine.ort.Tensor("float32", input, [views.length, 3, side, side]);
    const { features, logits } = await this.session.run({ images });
    const ms = performance.now() - started;
    return { features: rowsOf(features), logits: rowsOf(logits), ms };
  }
}

/** Put each colour on the network's scale, (byte / 255 - mean) / std, one colour after the other. */
function normalise(view, { mean, std }, output, start) {
  for (let colour = 0; colour < 3; colour++) {
    for (let at = colour; at < view.data.length; at += 4) {
      output[start++] = (view.data[at] / 255 - mean[colour]) / std[colour];
    }
  }
}

/** The mirror image of an ImageData. */
export function mirrored({ data, width, height }) {
  const flipped = new ImageData(width, height);
  const from = new Uint32Array(data.buffer), to = new Uint32Array(flipped.data.buffer);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) to[y * width + x] = from[y * width + width - 1 - x];
  }
  return flipped;
}

/** A tensor of shape (B, n) as B arrays. */
function rowsOf({ data, dims: [count, length] }) {
  return Array.from({ length: count }, (_, i) => data.slice(i * length, (i + 1) * length));
}

/** Log-probabilities of a row of logits. */
export function logSoftmax(logits) {
  const most = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  return Array.from(logits, (logit) => logit - most - Math.log(total));
}

/** Probabilities from the logits of one view, or of several, whose log-probabilities are averaged. */
export function probabilities(views) {
  const logs = views.map(logSoftmax);
  const mean = logs[0].map((_, i) => logs.reduce((sum, row) => sum + row[i], 0) / logs.length);
  return logSoftmax(mean).map(Math.exp);
}
