/* Two helpers for the page's elements. */

/** The element with an id of this page's parts. */
export const $ = (id) => document.getElementById(`ti-${id}`);

/** A new element: make("button", { type: "button", onclick }, "Train"). */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A canvas that shows an ImageData as it is. */
export function drawn(pixels, className = "") {
  const canvas = make("canvas", { width: pixels.width, height: pixels.height, className });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

/** Let the browser draw what has changed. A page in the background draws nothing: then just wait. */
export const nextFrame = () =>
  new Promise((resolve) => (document.hidden ? setTimeout(resolve) : requestAnimationFrame(resolve)));
