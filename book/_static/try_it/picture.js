/* From a file that somebody dropped to a decoded picture, or to a sentence on what is wrong with it. */

const MEGABYTE = 2 ** 20;
export const LIMITS = { bytes: 50 * MEGABYTE, side: 10_000, pixels: 50_000_000 };

/** A file that is no picture for this page; its message is for the reader. */
export class PictureError extends Error {}

/** How the files begin that both this page and hotdog_lib read. */
const STARTS = {
  JPEG: [0xff, 0xd8, 0xff],
  PNG: [0x89, 0x50, 0x4e, 0x47],
  GIF: [0x47, 0x49, 0x46, 0x38],
  BMP: [0x42, 0x4d],
};

/**
 * Decode a Blob, upright, without colour management, as hotdog_lib does. Returns an ImageBitmap.
 * Throws a PictureError that says what is wrong and what to do.
 */
export async function readPicture(blob, name = "This picture") {
  if (blob.size === 0) throw new PictureError(`${name} is empty.`);
  if (blob.size > LIMITS.bytes) {
    throw new PictureError(`${name} has ${Math.round(blob.size / MEGABYTE)} MB; the page takes up to 50.`);
  }
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const format = formatOf(bytes);
  if (!format) throw new PictureError(`${name} is none of JPEG, PNG, WebP, GIF and BMP.`);
  await checkSize(blob, name);
  if (cutOff(bytes, format)) {
    throw new PictureError(`${name} is cut off: the end of the file is missing. Fetch it again.`);
  }
  try {
    return await createImageBitmap(blob, {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new PictureError(`${name} is damaged: your browser cannot decode it.`);
  }
}

function formatOf(bytes) {
  const begins = (start) => start.every((byte, i) => bytes[i] === byte);
  for (const [format, start] of Object.entries(STARTS)) if (begins(start)) return format;
  const text = String.fromCharCode(...bytes.subarray(0, 12));
  return text.startsWith("RIFF") && text.endsWith("WEBP") ? "WebP" : null;
}

/** Width and height stand at the beginning of a file: an <img> tells them before it decodes. */
async function checkSize(blob, name) {
  const image = new Image();
  const address = URL.createObjectURL(blob);
  try {
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
      image.src = address;
    });
  } catch {
    throw new PictureError(`${name} is damaged: your browser cannot decode it.`);
  } finally {
    URL.revokeObjectURL(address);
  }
  const { naturalWidth: width, naturalHeight: height } = image;
  if (Math.max(width, height) > LIMITS.side || width * height > LIMITS.pixels) {
    const size = `${width.toLocaleString("en")} × ${height.toLocaleString("en")} pixels`;
    throw new PictureError(
      `${name} has ${size}. The page takes up to 10,000 a side and 50 million in all: shrink it first.`
    );
  }
}

/** Whether the end is missing. Browsers would show the rest in grey; hotdog_lib refuses, and so do we. */
function cutOff(bytes, format) {
  if (format === "JPEG") return !endsAsJpeg(bytes);
  if (format === "PNG") return !contains(bytes, "IEND", Math.max(0, bytes.length - MEGABYTE));
  if (format === "WebP") {
    const told = new DataView(bytes.buffer).getUint32(4, true); // length of all that follows
    return bytes.length < told + 8;
  }
  return false;
}

/** Skip a JPEG's headers (one may hold a whole thumbnail), then look for the mark of the end. */
function endsAsJpeg(bytes) {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    at += 2 + bytes[at + 2] * 256 + bytes[at + 3];
  }
  for (; at + 1 < bytes.length; at++) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

function contains(bytes, word, from) {
  const codes = [...word].map((letter) => letter.charCodeAt(0));
  for (let at = from; at + codes.length <= bytes.length; at++) {
    if (codes.every((code, i) => bytes[at + i] === code)) return true;
  }
  return false;
}
