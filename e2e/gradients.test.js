// Gradients built and read by code of their own agree with Syft to the last bit. Needs no node.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { u8aToHex } from '@polkadot/util';

import { contentHash, encodeFloats } from './formats.js';
import { decodeGradient, encodeGradient } from './gradients.js';

const hashOf = (bytes) => u8aToHex(contentHash(bytes)).slice(2);

/** 66 weights, which make two blocks, and 2 biases. */
const all = Array.from({ length: 68 }, (_, i) => Math.fround((((i * 37) % 101) - 50) / 7));
const tensors = [
  { name: 'layers.0.weight', shape: [2, 33], values: all.slice(0, 66) },
  { name: 'layers.0.bias', shape: [2], values: all.slice(66) },
];

/** Hashes of file and decoded values; `primitives/syft/tests/gradients/main.rs` has the same. */
const GOLDEN = [
  [
    'dense-f32',
    'ee0740ee632c222f726e2d92030e176a5ec156253adcf556b457bcb37b3d561d',
    '54362b0e2105be86daba6a18e8c601e0fd96b829e889fc613b88011696701dbd',
  ],
  [
    'dense-bf16',
    'ae5560549524998b6737252c4b8e83511b4c30656f0b525ba46db3bbbc7c783e',
    'b41d5cc83696d219543391688487ecacd8b7d1e178881964addcd37c41838da7',
  ],
  [
    'int8-blocks',
    'efe28ee690fd0d13ea1edb214ae482adb20a46927bff84abdc40876a812830d8',
    'ca715931f27d11a2af9a28902663238aa619f322369668cef211fe9869bd112e',
  ],
  [
    'top-k',
    'be5694df8b6a1eb78c2404f7c97fdbe1e75a097d0712f8b324996dd0a0a7f629',
    '584f40a0bc2c0f35ae9b77738b29dff7c77e61229732203b721980a9582ead18',
  ],
];

for (const [encoding, file, decoded] of GOLDEN) {
  test(`a gradient in ${encoding} is what it always was`, () => {
    const bytes = encodeGradient(tensors, encoding, 7);
    assert.equal(hashOf(bytes), file);
    assert.equal(hashOf(encodeFloats(decodeGradient(bytes, tensors))), decoded);
  });
}
