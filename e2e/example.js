// The smallest task that takes two steps to learn: is a point left or right of the middle? Its numbers
// are small and whole (or halves), so the errors computed here are exact.

/** What a row looks like, as the chain's metadata describe it. */
export const SCHEMA = {
  inputs: [
    { name: 'x', kind: { Number: { range: null } } },
    { name: 'y', kind: { Number: { range: null } } },
  ],
  output: { name: 'side', kind: { Category: { classes: ['left', 'right'] } } },
};

/** One layer: two numbers in, one output for each class. */
export const ARCHITECTURE = {
  input: [2],
  layers: [{ Dense: { units: 2 } }],
  head: 'SoftmaxCrossEntropy',
};

/** The same with one thing more: outputs below 0 count as 0. */
export const OTHER_ARCHITECTURE = {
  ...ARCHITECTURE,
  layers: [{ Dense: { units: 2 } }, 'Relu'],
};

const points = [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5].flatMap((x) => [0, 1].map((y) => ({ x, y })));

/** How many points there are. */
export const ROWS = points.length;

/** The points as columns: negative numbers, small whole numbers, classes. */
export const COLUMNS = [
  { numbers: points.map(({ x }) => x) },
  { numbers: points.map(({ y }) => y) },
  { classes: points.map(({ x }) => (x > 0 ? 1 : 0)) },
];

/** Weights `[left x, left y, right x, right y]` and biases `[left, right]` as named tensors. */
export function tensors(weight, bias) {
  return [
    { name: 'layers.0.weight', shape: [2, 2], values: weight },
    { name: 'layers.0.bias', shape: [2], values: bias },
  ];
}

/** The model after a gradient was added. */
export function add(model, gradient) {
  return model.map((tensor, index) => ({
    ...tensor,
    values: tensor.values.map((value, position) => value + gradient[index].values[position]),
  }));
}

/** Wrong rows in thousand millionths, rounded down. On a tie the model answers "left". */
export function errorRate([weight, bias]) {
  const wrong = points.filter(({ x, y }) => {
    const [left, right] = [0, 1].map(
      (unit) => bias.values[unit] + weight.values[2 * unit] * x + weight.values[2 * unit + 1] * y,
    );
    return right > left !== x > 0;
  });
  return Math.floor((wrong.length * 1e9) / ROWS);
}
