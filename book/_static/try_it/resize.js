/* From a picture of any size to the small square that a network sees.

   A network answers well only on pictures prepared as those of its training were. So this file does
   what hotdog_lib does (data/preprocess.py, to_canvas): cut out the centre square, then shrink it
   with antialiasing, first along the rows and then along the columns, rounded to bytes after each. */

const STRIP = 128; // rows of the picture held at a time, so that a phone's memory is enough

const FILTERS = {
  bilinear: { reach: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { reach: 2, at: cubic },
};

/** Catmull-Rom's curve, which Pillow and torch use for antialiased bicubic resizing. */
function cubic(x) {
  const a = -0.5;
  x = Math.abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/**
 * For each of `to` new pixels: which of the `from` old ones it is made of, and with which weights.
 * Where the picture shrinks the filter is stretched, so that no old pixel is passed over.
 */
export function taps(from, to, interpolation) {
  const { reach, at } = FILTERS[interpolation];
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = scale * (i + 0.5);
    const first = Math.max(Math.trunc(centre - reach * stretch + 0.5), 0);
    const end = Math.min(Math.trunc(centre + reach * stretch + 0.5), from);
    const weights = [];
    for (let j = first; j < end; j++) weights.push(at((j - centre + 0.5) / stretch));
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/**
 * Resample one line of pixels. `input` and `output` are byte arrays; a line starts at `start` and
 * its pixels lie `step` bytes apart; red, green and blue are side by side. The output's type
 * rounds and clamps to bytes by itself.
 */
function resampleLine(input, start, step, pattern, output, outStart, outStep) {
  for (const { first, weights } of pattern) {
    let red = 0, green = 0, blue = 0;
    for (let j = 0, at = start + first * step; j < weights.length; j++, at += step) {
      red += weights[j] * input[at];
      green += weights[j] * input[at + 1];
      blue += weights[j] * input[at + 2];
    }
    output[outStart] = red;
    output[outStart + 1] = green;
    output[outStart + 2] = blue;
    outStart += outStep;
  }
}

/** RGBA bytes of a part of an ImageBitmap, in its own resolution, laid on white. */
function pixelsOf(bitmap, left, top, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, left, top, width, height, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

/** The centre square of an ImageBitmap: { left, top, side }. */
export function centreSquare({ width, height }) {
  const side = Math.min(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
}

/** What a network with this preprocessing is shown of a picture: an ImageData of crop_size pixels. */
export function prepare(bitmap, { resize_size, crop_size, interpolation }) {
  return centreCrop(toCanvas(bitmap, resize_size, interpolation), crop_size);
}

function centreCrop(pixels, side) {
  const rest = pixels.width - side, half = Math.floor(rest / 2);
  const edge = rest % 2 && half % 2 ? half + 1 : half; // as Python rounds: a half to the even side
  const cut = new ImageData(side, side);
  for (let y = 0; y < side; y++) {
    const start = ((y + edge) * pixels.width + edge) * 4;
    cut.data.set(pixels.data.subarray(start, start + side * 4), y * side * 4);
  }
  return cut;
}

/** Centre square of an ImageBitmap, resized: an ImageData of `size` x `size` pixels. */
export function toCanvas(bitmap, size, interpolation) {
  const { left, top, side } = centreSquare(bitmap);
  if (side === size) return new ImageData(pixelsOf(bitmap, left, top, side, side), side);
  const pattern = taps(side, size, interpolation);
  const narrow = new Uint8ClampedArray(side * size * 3); // (side, size, 3): rows already short
  for (let row = 0; row < side; row += STRIP) {
    const height = Math.min(STRIP, side - row);
    const strip = pixelsOf(bitmap, left, top + row, side, height);
    for (let y = 0; y < height; y++) {
      resampleLine(strip, y * side * 4, 4, pattern, narrow, (row + y) * size * 3, 3);
    }
  }
  const small = new Uint8ClampedArray(size * size * 4).fill(255); // (size, size, 4)
  for (let x = 0; x < size; x++) {
    resampleLine(narrow, x * 3, size * 3, pattern, small, x * 4, size * 4);
  }
  return new ImageData(small, size);
}
