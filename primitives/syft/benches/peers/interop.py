"""Opens what Syft writes in PyTorch, and the other way round: the same outputs, losses and derivatives.

    python interop.py PROGRAM

PROGRAM is the compiled example `outputs`. For every layer and head a model goes both ways as safetensors. Prints the
largest differences, each relative to the largest value of its tensor, and fails if one is above TOLERANCE.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_torch
from safetensors.torch import save_file as save_torch

from architecture import LOGISTIC, SOFTMAX, SQUARED, Network

ROWS = 16
TOLERANCE = 1e-5
LEAST_SCALE = 1e-3  # tensors with smaller values only are compared as if this were the largest

random = np.random.default_rng(1)

# Shape of a row, layers and head by a short name.
CASES = {
    "dense, softmax": ([64], [{"dense": {"units": 32}}, "relu", {"dense": {"units": 10}}], SOFTMAX),
    "dense, squared error": ([7], [{"dense": {"units": 5}}, "relu", {"dense": {"units": 3}}], SQUARED),
    "dense of an image": ([2, 3, 4], [{"dense": {"units": 10}}], SOFTMAX),
    "logistic": ([30], [{"dense": {"units": 1}}], LOGISTIC),
    "tanh, sigmoid, gelu": (
        [9],
        [{"dense": {"units": 8}}, "tanh", {"dense": {"units": 8}}, "sigmoid", {"dense": {"units": 8}},
         "gelu", {"dense": {"units": 1}}],
        LOGISTIC,
    ),
    "layer norm": ([9], [{"dense": {"units": 8}}, "layer_norm", {"dense": {"units": 3}}], SOFTMAX),
    "layer norm of an image": ([2, 5, 4], ["layer_norm", "flatten", {"dense": {"units": 3}}], SOFTMAX),
    "convolutions, max pooling": (
        [3, 9, 8],
        [{"conv2d": {"channels": 4, "kernel": [3, 3], "padding": [1, 1]}}, "relu",
         {"max_pool2d": {"kernel": [2, 2], "stride": [2, 2]}},
         {"conv2d": {"channels": 5, "kernel": [2, 3], "stride": [1, 2]}}, "gelu", "flatten",
         {"dense": {"units": 10}}],
        SOFTMAX,
    ),
    "convolution, average pooling": (
        [2, 11, 7],
        [{"conv2d": {"channels": 4, "kernel": [3, 2], "stride": [2, 1], "padding": [2, 0]}}, "tanh",
         {"average_pool2d": {"kernel": [3, 2], "stride": [2, 1]}}, "flatten", {"dense": {"units": 2}}],
        SQUARED,
    ),
    "embedding bag, dropout": (
        [12],
        [{"embedding_bag": {"tokens": 50, "width": 6}}, {"dropout": {"rate": 250000}}, {"dense": {"units": 3}}],
        SOFTMAX,
    ),
}


def rows_for(architecture, outputs):
    """Random rows and targets."""
    values = int(np.prod(architecture["input"]))
    first = architecture["layers"][0]
    if "embedding_bag" in first:
        rows = random.integers(first["embedding_bag"]["tokens"], size=(ROWS, values))
        rows[0] = 0
    else:
        rows = random.standard_normal((ROWS, values))
    tensors = {"rows": rows.astype(np.float32)}
    if architecture["head"] == SQUARED:
        tensors["numbers"] = random.standard_normal((ROWS, outputs)).astype(np.float32)
    else:
        tensors["classes"] = random.integers(max(outputs, 2), size=ROWS).astype(np.uint8)
    return tensors


def results(network, rows):
    """What Syft's program writes, from PyTorch."""
    rows = {name: torch.from_numpy(tensor) for name, tensor in rows.items()}
    network.eval()
    outputs = network(rows["rows"])
    loss = network.loss(outputs, rows)
    loss.backward()
    found = {"outputs": outputs, "loss": loss}
    found.update({name: parameter.grad for name, parameter in network.named_parameters()})
    return {name: tensor.detach().numpy() for name, tensor in found.items()}


def differences(ours, theirs):
    """The largest of outputs, of the loss and of the derivatives."""
    if ours.keys() != theirs.keys():
        sys.exit(f"different tensors: {ours.keys()} and {theirs.keys()}")
    largest = {"outputs": 0.0, "loss": 0.0, "derivatives": 0.0}
    for name, tensor in ours.items():
        if tensor.shape != theirs[name].shape:
            sys.exit(f"different shapes of {name}: {tensor.shape} and {theirs[name].shape}")
        scale = max(LEAST_SCALE, np.abs(theirs[name]).max())
        kind = name if name in largest else "derivatives"
        largest[kind] = np.maximum(largest[kind], np.abs(tensor - theirs[name]).max() / scale)
    return largest


def both_ways(program, folder, architecture):
    """Differences with parameters from Syft, then with parameters from PyTorch."""
    network = Network(architecture)
    outputs = network(torch.zeros(1, *network.input)).shape[1]
    rows = rows_for(architecture, outputs)
    for source in ("Syft", "PyTorch"):
        place = folder / source
        place.mkdir(parents=True)
        (place / "architecture.json").write_text(json.dumps(architecture))
        save_file(rows, place / "rows.safetensors")
        network = Network(architecture)
        if source == "PyTorch":
            for parameter in network.parameters():
                # A layer norm starts with ones and zeros, which hide mistakes.
                parameter.data += 0.1 * torch.randn_like(parameter)
            save_torch(network.state_dict(), place / "parameters.safetensors")
        subprocess.run([program, place], check=True)
        if source == "Syft":
            network.load_state_dict(load_torch(place / "parameters.safetensors"), strict=True)
        yield source, differences(load_file(place / "results.safetensors"), results(network, rows))


def main(program):
    torch.manual_seed(1)
    worst = []
    print("| model | parameters from | outputs | loss | derivatives |")
    print("| --- | --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name, (shape, layers, head) in CASES.items():
            architecture = {"input": shape, "layers": layers, "head": head}
            for source, found in both_ways(program, pathlib.Path(folder, name), architecture):
                worst.extend(found.values())
                print(f"| {name} | {source} |", " | ".join(f"{d:.1e}" for d in found.values()), "|")
    worst = np.max(worst)
    print(f"\nThe largest difference is {worst:.1e}; up to {TOLERANCE:.0e} is allowed.")
    # What is not a number fails too.
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
