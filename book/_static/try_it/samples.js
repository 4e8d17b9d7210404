/* The kitchen's pictures: sheets of many small pictures, drawn while the book was built. */

import { readPicture } from "./picture.js";

/** Fetch a sheet; returns its pictures as ImageBitmaps. */
export async function openSheet(address, { size, columns }, count) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} is missing (${answer.status}); build the book again`);
  const sheet = await readPicture(await answer.blob(), "A sheet of samples");
  const corner = (i) => [(i % columns) * size, Math.floor(i / columns) * size, size, size];
  return Promise.all(Array.from({ length: count }, (_, i) => createImageBitmap(sheet, ...corner(i))));
}
