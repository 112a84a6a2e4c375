"""Syft's architectures in PyTorch."""

import torch

SOFTMAX, SQUARED, LOGISTIC = "softmax_cross_entropy", "squared_error", "logistic"


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
        if self.head == SOFTMAX:
            return torch.nn.functional.cross_entropy(outputs, rows["classes"].long())
        if self.head == LOGISTIC:
            classes = rows["classes"].float().unsqueeze(1)
            return torch.nn.functional.binary_cross_entropy_with_logits(outputs, classes)
        return torch.nn.functional.mse_loss(outputs, rows["numbers"])


# By their names in Syft: from the shape of a row and the options to PyTorch's layer.
LAYERS = {
    "dense": lambda shape, units: (Dense if len(shape) > 1 else torch.nn.Linear)(shape.numel(), units),
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
