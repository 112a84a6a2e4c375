"""The figures of `benches/figures` with PyTorch, NumPy and onnxruntime, on one thread.

Answers questions from standard input, one line of JSON each way: {"figure": ..., "seconds": ...} gives the seconds that
each library takes at best, measured for so many seconds.
"""

import gc
import json
import math
import pathlib
import sys
import time

import numpy as np
import onnxruntime
import torch

import onnx_models
from architecture import Network

DIGITS = pathlib.Path(__file__).parents[4] / "data" / "digits.csv"
READING = 100e-6  # seconds per reading of the clock, at least
LEARNING_RATE, MOMENTUM = 0.01, 0.9

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
random = np.random.default_rng(1)


def best(seconds, run):
    """Seconds that one run takes at best, measured for so many seconds, three times at least."""
    run()
    start = time.perf_counter()
    run()
    runs = max(1, math.ceil(READING / (time.perf_counter() - start)))
    readings = []
    start = time.perf_counter()
    while len(readings) < 3 or time.perf_counter() - start < seconds:
        reading = time.perf_counter()
        for _ in range(runs):
            run()
        readings.append((time.perf_counter() - reading) / runs)
    return min(readings)


def is_dense(architecture):
    """Whether there is one hidden layer, which is what is written by hand in NumPy."""
    first, *rest = architecture["layers"]
    return "dense" in first and len(rest) == 2 and rest[0] == "relu" and "dense" in rest[1]


def rows_for(architecture, count):
    """Rows and their classes: the first digits, or random ones for larger models."""
    shape = architecture["input"]
    if math.prod(shape) == 64:
        table = np.loadtxt(DIGITS, np.float32, delimiter=",", skiprows=1)[:count]
        return table[:, :64].reshape(-1, *shape) / 16, table[:, 64].astype(np.int64)
    return random.random((count, *shape), np.float32), random.integers(10, size=count)


def versions(_):
    return {
        "PyTorch": torch.__version__,
        "NumPy": np.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


def product(question):
    m, k, n, transposed = (question[key] for key in ("m", "k", "n", "transposed"))
    a = random.random((m, k), np.float32)
    b = random.random((n, k) if transposed else (k, n), np.float32)
    out = np.empty((m, n), np.float32)
    a_torch, b_torch, out_torch = map(torch.from_numpy, (a, b, out))
    if transposed:
        b, b_torch = b.T, b_torch.T
    session = onnx_models.session(onnx_models.product(m, k, n, transposed))
    feed = {"a": a, "b": b.T if transposed else b}
    return {
        "PyTorch": lambda: torch.mm(a_torch, b_torch, out=out_torch),
        "NumPy": lambda: np.matmul(a, b, out=out),
        "onnxruntime": lambda: session.run(None, feed),
    }


def train(question):
    """One epoch of SGD with momentum over shuffled rows."""
    architecture, count, batch = (question[key] for key in ("architecture", "rows", "batch"))
    x, y = rows_for(architecture, count)
    network = Network(architecture).layers
    optimiser = torch.optim.SGD(network.parameters(), LEARNING_RATE, MOMENTUM, fused=True)
    x_torch, y_torch = torch.from_numpy(x), torch.from_numpy(y)

    def with_torch():
        for rows in torch.randperm(count).split(batch):
            optimiser.zero_grad()
            outputs = network(x_torch[rows])
            torch.nn.functional.cross_entropy(outputs, y_torch[rows]).backward()
            optimiser.step()

    if not is_dense(architecture):
        return {"PyTorch": with_torch}
    parameters = [tensor.detach().numpy().copy() for tensor in network.parameters()]
    velocities = [np.zeros_like(parameter) for parameter in parameters]

    def with_numpy():
        order = random.permutation(count)
        for start in range(0, count, batch):
            rows = order[start : start + batch]
            derivatives = derivative(parameters, x[rows], y[rows])
            for parameter, velocity, g in zip(parameters, velocities, derivatives):
                velocity *= MOMENTUM
                velocity += g
                parameter -= LEARNING_RATE * velocity

    return {"PyTorch": with_torch, "NumPy": with_numpy}


def derivative(parameters, x, y):
    """Of the mean softmax cross-entropy with one hidden layer, by hand."""
    weight, bias, out_weight, out_bias = parameters
    h = x @ weight.T
    h += bias
    np.maximum(h, 0, out=h)
    d = h @ out_weight.T
    d += out_bias
    d -= d.max(1, keepdims=True)
    np.exp(d, out=d)
    d /= d.sum(1, keepdims=True)
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    back = d @ out_weight
    back *= h > 0
    return back.T @ x, back.sum(0), d.T @ h, d.sum(0)


def evaluate(question):
    """The number of wrong rows."""
    architecture = question["architecture"]
    x, y = rows_for(architecture, question["rows"])
    x_torch, y_torch = torch.from_numpy(x), torch.from_numpy(y)
    network = Network(architecture).layers
    weight, bias, out_weight, out_bias = [p.detach().numpy() for p in network.parameters()]
    session = onnx_models.session(onnx_models.classifier(network))

    @torch.inference_mode()
    def with_torch():
        return (network(x_torch).argmax(1) != y_torch).sum().item()

    def with_numpy():
        h = x @ weight.T
        h += bias
        np.maximum(h, 0, out=h)
        return np.count_nonzero((h @ out_weight.T + out_bias).argmax(1) != y)

    def with_onnxruntime():
        (outputs,) = session.run(None, {"x": x})
        return np.count_nonzero(outputs.argmax(1) != y)

    return {"PyTorch": with_torch, "NumPy": with_numpy, "onnxruntime": with_onnxruntime}


def answer(question):
    figures = {"product": product, "train": train, "evaluate": evaluate}
    if question["figure"] == "versions":
        return versions(question)
    runs = figures[question["figure"]](question)
    return {who: best(question["seconds"], run) for who, run in runs.items()}


if __name__ == "__main__":
    gc.disable()
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
        gc.collect()
