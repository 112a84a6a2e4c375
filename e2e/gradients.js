// Gradients in every encoding, from the description in docs/formats.md alone.

import { littleEndian, safetensors } from './formats.js';

/** Values of a tensor that share a scale. */
const BLOCK = 64;

/** How the tensors of a gradient are stored in each encoding; `k` is for `top-k` only. */
const ENCODERS = {
  'dense-f32': (tensors) => tensors,
  'dense-bf16': (tensors) =>
    tensors.map(({ name, shape, values }) => ({
      name,
      shape,
      dtype: 'BF16',
      bytes: littleEndian(2 * values.length, (view) =>
        values.forEach((value, index) => view.setUint16(2 * index, upperHalf(value), true)),
      ),
    })),
  'int8-blocks': (tensors) => [
    ...tensors.map(({ name, values }) => {
      const scales = blocks(values).map(scaleOf);
      return { name: `${name}.scale`, shape: [scales.length], values: scales };
    }),
    ...tensors.map(({ name, shape, values }) => {
      const bytes = blocks(values).flatMap((block) => {
        const scale = scaleOf(block);
        return block.map((value) => quantise(value, scale));
      });
      return { name, shape, dtype: 'I8', bytes: Uint8Array.from(bytes) };
    }),
  ],
  'top-k': (tensors, k) => {
    const values = tensors.flatMap((tensor) => tensor.values);
    const indices = [...values.keys()]
      .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b)
      .slice(0, k)
      .sort((a, b) => a - b);
    const bytes = littleEndian(4 * k, (view) =>
      indices.forEach((index, place) => view.setUint32(4 * place, index, true)),
    );
    return [
      { name: 'indices', shape: [k], dtype: 'U32', bytes },
      { name: 'values', shape: [k], values: indices.map((index) => values[index]) },
    ];
  },
};

/** A gradient: what is added to the parameters, tensor by tensor. */
export function encodeGradient(tensors, encoding = 'dense-f32', k = 1) {
  return safetensors({ format: 'sonar-gradient', encoding }, ENCODERS[encoding](tensors, k));
}

/** The values of all tensors, as others will decode them. `tensors` has their names and shapes. */
export function decodeGradient(bytes, tensors) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  /** The numbers of a tensor, read by a method of DataView. */
  const numbers = (name, method, size) => {
    const [from, to] = header[name].data_offsets;
    const count = (to - from) / size;
    const offset = (index) => start + from + size * index;
    return Array.from({ length: count }, (_, index) => view[method](offset(index), true));
  };
  switch (header.__metadata__.encoding) {
    case 'dense-f32':
      return tensors.flatMap(({ name }) => numbers(name, 'getFloat32', 4));
    case 'dense-bf16':
      return tensors.flatMap(({ name }) => numbers(name, 'getUint16', 2)).map(fromUpperHalf);
    case 'int8-blocks':
      return tensors.flatMap(({ name }) => {
        const scales = numbers(`${name}.scale`, 'getFloat32', 4);
        return numbers(name, 'getInt8', 1).map((q, index) =>
          Math.fround(scales[Math.floor(index / BLOCK)] * q),
        );
      });
    case 'top-k': {
      const count = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
      const values = new Array(count).fill(0);
      const kept = numbers('values', 'getFloat32', 4);
      numbers('indices', 'getUint32', 4).forEach((index, place) => {
        values[index] = kept[place];
      });
      return values;
    }
    default:
      throw new Error(`unknown encoding ${header.__metadata__.encoding}`);
  }
}

const word = new DataView(new ArrayBuffer(4));

/** The upper half of a binary32, rounded to the nearest, ties to even; the largest instead of infinity. */
function upperHalf(value) {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  const magnitude = bits & 0x7fffffff;
  const rounded = (magnitude + 0x7fff + ((magnitude >>> 16) & 1)) >>> 16;
  return ((bits >>> 16) & 0x8000) | Math.min(rounded, 0x7f7f);
}

function fromUpperHalf(half) {
  word.setUint16(0, half);
  word.setUint16(2, 0);
  return word.getFloat32(0);
}

function blocks(values) {
  const count = Math.ceil(values.length / BLOCK);
  return Array.from({ length: count }, (_, block) =>
    values.slice(BLOCK * block, BLOCK * (block + 1)),
  );
}

/** Good for values of which 127 times their 127th part is finite. */
function scaleOf(block) {
  return Math.fround(Math.max(...block.map(Math.abs)) / 127);
}

/** A whole number from -127 to 127 for a value: the nearest, the even one of two. */
function quantise(value, scale) {
  if (scale === 0) {
    return 0;
  }
  const exact = Math.fround(value / scale);
  const below = Math.floor(exact);
  const odd = below % 2 === 0 ? 0 : 1;
  const nearest = exact - below === 0.5 ? below + odd : Math.round(exact);
  return Math.max(-127, Math.min(127, nearest));
}
