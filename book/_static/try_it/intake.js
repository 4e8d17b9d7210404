/* The ways in: drop, paste, choose a file, camera. Each ends in a call with decoded pictures. */

import { $, make } from "./dom.js";
import { PictureError, readPicture } from "./picture.js";

/** Show a sentence where screen readers announce it; an empty one takes the last one away. */
export function say(place, text) {
  place.textContent = text;
  place.hidden = !text;
}

/**
 * Decode files and hand each picture on, as an ImageBitmap. What is wrong with the others is said
 * in `messages`; one bad file never keeps the others out.
 */
export async function take(files, messages, receive) {
  const faults = [];
  for (const file of files) {
    try {
      await receive(await readPicture(file, file.name || "This picture"));
    } catch (error) {
      if (!(error instanceof PictureError)) console.error(error); // ours, not the file's
      faults.push(error.message);
    }
  }
  say(messages, faults.join(" "));
}

/** Make an element take dropped files. */
export function onDrop(element, receive) {
  const light = (on) => (event) => {
    event.preventDefault();
    element.classList.toggle("ti-over", on);
  };
  element.addEventListener("dragover", light(true));
  element.addEventListener("dragleave", light(false));
  element.addEventListener("drop", (event) => {
    light(false)(event);
    receive([...event.dataTransfer.files]);
  });
}

/** A file that misses its place must not make the browser leave the page. */
export function forgiveNearMisses() {
  for (const kind of ["dragover", "drop"]) {
    window.addEventListener(kind, (event) => event.preventDefault());
  }
}

/** Files that are pasted anywhere on the page. */
export function onPaste(receive) {
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) receive(files);
  });
}

/** Open the system's file chooser. */
export function chooseFiles(receive, multiple) {
  const input = make("input", { type: "file", accept: "image/*", multiple });
  input.addEventListener("change", () => receive([...input.files]));
  input.click();
}

/**
 * Show the camera in a dialog; each "Take" hands on one picture. `once`: the first one closes it,
 * else the reader does.
 */
export async function openCamera(messages, receive, once = false) {
  let stream;
  try {
    if (!navigator.mediaDevices) throw new Error("the page was not loaded over https or from this machine");
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) {
    say(messages, `There is no camera to be had: ${error.message}.`);
    return;
  }
  say(messages, "");
  const dialog = $("camera"), video = $("video");
  let taken = 0;
  video.srcObject = stream;
  $("taken").textContent = "";
  $("take").onclick = async () => {
    if (!video.videoWidth) return; // the camera is still waking up
    await receive(await createImageBitmap(video));
    $("taken").textContent = `${++taken} taken`;
    if (once) dialog.close();
  };
  $("done").onclick = () => dialog.close();
  dialog.onclose = () => {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  dialog.showModal();
  await video.play();
}
