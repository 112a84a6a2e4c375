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

ROWS = 16
TOLERANCE = 1e-5
LEAST_SCALE = 1e-3  # tensors with smaller values only are compared as if this were the largest

random = np.random.default_rng(1)


class Dense(torch.nn.Linear):
    """Reads rows of more than one dimension flat."""

    def forward(self, rows):
        return super().forward(rows.flatten(1))


class EmbeddingBag(torch.nn.EmbeddingBag):
    """Reads token numbers held as floats."""

    def forward(self, rows):
        return super().forward(rows.long())


class Network(torch.nn.Module):
    """An architecture of Syft in PyTorch, with the same names of parameters."""

    def __init__(self, architecture):
        super().__init__()
        self.input = architecture["input"]
        self.head = architecture["head"]
        self.layers = torch.nn.Sequential()
        for layer in architecture["layers"]:
            shape = self(torch.zeros(1, *self.input)).shape[1:]
            name, options = (layer, {}) if isinstance(layer, str) else next(iter(layer.items()))
            self.layers.append(LAYERS[name](shape, **options))

    def forward(self, rows):
        return self.layers(rows.unflatten(1, self.input) if rows.dim() == 2 else rows)

    def loss(self, outputs, rows):
        if self.head == "softmax_cross_entropy":
            return torch.nn.functional.cross_entropy(outputs, rows["classes"].long())
        if self.head == "logistic":
            classes = rows["classes"].float().unsqueeze(1)
            return torch.nn.functional.binary_cross_entropy_with_logits(outputs, classes)
        return torch.nn.functional.mse_loss(outputs, rows["numbers"])


# By their names in Syft: from the shape of a row and the options to PyTorch's layer.
LAYERS = {
    "dense": lambda shape, units: Dense(shape.numel(), units),
    "relu": lambda shape: torch.nn.ReLU(),
    "conv2d": lambda shape, channels, **options: torch.nn.Conv2d(
        shape[0], channels, options["kernel"], options.get("stride", 1), options.get("padding", 0)
    ),
    "max_pool2d": lambda shape, kernel, stride: torch.nn.MaxPool2d(kernel, stride),
    "average_pool2d": lambda shape, kernel, stride: torch.nn.AvgPool2d(kernel, stride),
    "flatten": lambda shape: torch.nn.Flatten(),
    "tanh": lambda shape: torch.nn.Tanh(),
    "sigmoid": lambda shape: torch.nn.Sigmoid(),
    "gelu": lambda shape: torch.nn.GELU(),
    "layer_norm": lambda shape: torch.nn.LayerNorm(shape),
    "embedding_bag": lambda shape, tokens, width: EmbeddingBag(
        tokens, width, mode="mean", padding_idx=0
    ),
    "dropout": lambda shape, rate: torch.nn.Dropout(rate / 1e6),
}

# Shape of a row, layers and head by a short name.
SOFTMAX, SQUARED, LOGISTIC = "softmax_cross_entropy", "squared_error", "logistic"
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
