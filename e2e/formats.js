// The blobs of the model repository, built from the description of their formats alone: nothing here
// shares code with the programs under test.

import { blake2AsU8a } from '@polkadot/util-crypto';

const utf8 = new TextEncoder();

/** The name of a blob: blake2b-256 of its bytes. */
export function contentHash(bytes) {
  return blake2AsU8a(bytes, 256);
}

/**
 * Initial parameters as safetensors. A tensor is `{ name, shape, values }`; tensors are in the order
 * of the model's layers, a weight before its bias.
 */
export function encodeParameters(tensors) {
  return safetensors({ format: 'pt' }, tensors);
}

/**
 * A data set in its canonical form. `schema` is SCALE-encoded; there is one column for each input
 * field and one for the output: `{ classes: [position, …] }` or `{ numbers: [value, …] }`.
 */
export function encodeDataset(schema, rows, columns) {
  return concat([
    utf8.encode('SYFTDAT1'),
    schema,
    littleEndian(4, (view) => view.setUint32(0, rows, true)),
    ...columns.map(encodeColumn),
  ]);
}

function encodeColumn({ classes, numbers }) {
  if (classes) {
    return Uint8Array.from(classes);
  }
  const narrow = numbers.every(
    (number) => Number.isInteger(number) && number >= 0 && number <= 255 && !Object.is(number, -0),
  );
  return narrow
    ? concat([Uint8Array.of(1), Uint8Array.from(numbers)])
    : concat([Uint8Array.of(0), encodeFloats(numbers)]);
}

/**
 * The length of a JSON header (8 bytes), the header, and the values. A tensor's values are binary32,
 * unless it has a `dtype` and `bytes` of its own.
 */
export function safetensors(metadata, tensors) {
  const header = { __metadata__: metadata };
  const data = [];
  let start = 0;
  for (const { name, shape, values, dtype = 'F32', bytes = encodeFloats(values) } of tensors) {
    const end = start + bytes.length;
    header[name] = { dtype, shape, data_offsets: [start, end] };
    data.push(bytes);
    start = end;
  }
  const text = utf8.encode(JSON.stringify(header));
  const padding = new Uint8Array(-text.length & 7).fill(0x20);
  const length = littleEndian(8, (view) =>
    view.setBigUint64(0, BigInt(text.length + padding.length), true),
  );
  return concat([length, text, padding, ...data]);
}

export function encodeFloats(values) {
  return littleEndian(4 * values.length, (view) =>
    values.forEach((value, index) => view.setFloat32(4 * index, value, true)),
  );
}

export function littleEndian(size, write) {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer));
  return bytes;
}

function concat(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
