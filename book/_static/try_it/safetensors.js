/* A head as a .safetensors file: the length of a header, the header as JSON, then the numbers.
   hotdog_lib reads it (models/io.py) and joins it to the network whose features it was taught on. */

/**
 * `tensors`: { name: { shape, data } } with Float32Arrays; `metadata`: strings by name.
 * Returns a Blob.
 */
export function safetensors(tensors, metadata) {
  const header = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, (end += data.byteLength)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padding = new Uint8Array((8 - (text.length % 8)) % 8).fill(32); // spaces, so that numbers align
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length + padding.length), true);
  return new Blob([length, text, padding, ...Object.values(tensors).map((tensor) => tensor.data)]);
}

/** The file of a head that was taught in this page. `about` is parts.json's entry "head". */
export function headFile(head, names, about, provenance) {
  const card = { ...about.card, class_names: names, provenance };
  const weight = new Float32Array(head.weight.flatMap((row) => [...row]));
  return safetensors(
    {
      [`${about.layer}.weight`]: { shape: [names.length, ...about.shape], data: weight },
      [`${about.layer}.bias`]: { shape: [names.length], data: head.bias },
    },
    { hotdog_lib: JSON.stringify(card) }
  );
}
