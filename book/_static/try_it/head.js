/* A linear head on frozen features, taught in the page: softmax regression.

   The features of a picture are fixed numbers, so a head sees a small table: one row a picture.
   Its loss is a bowl with one lowest point. Gradient descent rolls down to it, with momentum so
   that it does not take all day, and with a pull towards zero that is scikit-learn's default. */

import { logSoftmax } from "./network.js";

export const STEPS = 400;

/**
 * Teach a head. `rows`: features, one array a picture; `targets`: class numbers.
 * Yields { step, loss, head } after every step; loss is the mean cross-entropy, in nats.
 */
export function* teach(rows, targets, numClasses, steps = STEPS) {
  const { scaled, mean, deviation } = standardise(rows);
  const count = rows.length, width = mean.length;
  const pull = 1 / count; // weight decay: C = 1 in scikit-learn's words
  // The steepest bend of the bowl is at most this, so that one over it is a step that cannot jump out.
  const bend = (width + 1) / 2 + pull;
  const momentum = (1 - Math.sqrt(pull / bend)) / (1 + Math.sqrt(pull / bend));
  const weight = zeros(numClasses, width + 1); // the last number of each row is the bias
  const before = zeros(numClasses, width + 1);
  for (let step = 1; step <= steps; step++) {
    const ahead = weight.map((row, k) => row.map((w, f) => w + momentum * (w - before[k][f])));
    const { loss, gradient } = lossAndGradient(ahead, scaled, targets, pull);
    weight.forEach((row, k) => {
      before[k].set(row);
      row.forEach((_, f) => (row[f] = ahead[k][f] - gradient[k][f] / bend));
    });
    yield { step, loss, head: new Head(weight, mean, deviation) };
  }
}

/** Mean cross-entropy, and the gradient of it and of the pull on the weights. */
function lossAndGradient(weight, rows, targets, pull) {
  const gradient = weight.map((row) => row.map((w, f) => (f < row.length - 1 ? pull * w : 0)));
  let loss = 0;
  rows.forEach((row, n) => {
    const logs = logSoftmax(weight.map((w) => dot(w, row)));
    loss -= logs[targets[n]] / rows.length;
    logs.forEach((log, k) => {
      const off = (Math.exp(log) - (k === targets[n] ? 1 : 0)) / rows.length;
      for (let f = 0; f < row.length; f++) gradient[k][f] += off * row[f];
    });
  });
  return { loss, gradient };
}

/** Features with mean 0 and deviation 1 over the pictures, and a 1 at the end for the bias. */
function standardise(rows) {
  const mean = rows[0].map((_, f) => average(rows.map((row) => row[f])));
  const deviation = mean.map((m, f) => Math.sqrt(average(rows.map((row) => (row[f] - m) ** 2))) || 1);
  const scaled = rows.map((row) => {
    const values = new Float64Array(row.length + 1).fill(1);
    row.forEach((value, f) => (values[f] = (value - mean[f]) / deviation[f]));
    return values;
  });
  return { scaled, mean, deviation };
}

/** A head for features as the network gives them: the standardising is folded into its numbers. */
export class Head {
  constructor(weight, mean, deviation) {
    this.weight = weight.map((row) => Float32Array.from(mean, (_, f) => row[f] / deviation[f])); // (K, F)
    this.bias = Float32Array.from(this.weight, (row, k) => weight[k][mean.length] - dot(row, mean)); // (K,)
  }

  /** Logits of one picture's features. */
  logits(features) {
    return this.weight.map((row, k) => dot(row, features) + this.bias[k]);
  }

  /** The share of pictures that it gets right. */
  right(rows, targets) {
    return rows.filter((row, n) => largest(this.logits(row)) === targets[n]).length;
  }
}

/** Position of the largest number. */
export const largest = (values) => values.indexOf(Math.max(...values));

const average = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const zeros = (rows, columns) => Array.from({ length: rows }, () => new Float64Array(columns));

function dot(a, b) {
  let sum = 0;
  for (let f = 0; f < a.length; f++) sum += a[f] * b[f];
  return sum;
}
