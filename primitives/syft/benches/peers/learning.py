"""What scikit-learn and PyTorch reach on the data, rows and models of Syft's learning tests.

    python learning.py PROGRAM

PROGRAM is the compiled example `learn`: it splits, trains with Syft and hands over the rows. Errors are in per cent of
the validation rows, or mean squares. Networks are trained by PyTorch with the same optimiser, steps and rows per step;
each from five starts of its own, of which the middle error counts.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.numpy import load_file
from sklearn.linear_model import LinearRegression, LogisticRegression

from architecture import LOGISTIC, SOFTMAX, SQUARED, Network

DATA = pathlib.Path(__file__).parents[4] / "data"
STARTS = 5


def fields(**ranges):
    return [
        {"name": name, "kind": {"number": {"range": {"low": low, "high": high}}}}
        for name, (low, high) in ranges.items()
    ]


def digits():
    pixels = {"length": 64, "range": {"low": 0, "high": 16_000_000}}
    classes = [str(digit) for digit in range(10)]
    return {
        "inputs": [{"name": "pixels", "kind": {"vector": pixels}}],
        "output": {"name": "digit", "kind": {"category": {"classes": classes}}},
    }


def breast_cancer():
    """Every column to 0..1 by its own range."""
    file = DATA / "breast-cancer.csv"
    names = file.read_text().splitlines()[0].split(",")[:30]
    table = np.loadtxt(file, delimiter=",", skiprows=1, usecols=range(30))
    lows, highs = (np.trunc(end * 1e6).astype(int).tolist() for end in (table.min(0), table.max(0)))
    classes = {"category": {"classes": ["malignant", "benign"]}}
    return {
        "inputs": fields(**dict(zip(names, zip(lows, highs)))),
        "output": {"name": "diagnosis", "kind": classes},
    }


def radius():
    inputs = fields(
        mean_radius=(14_000_000, 17_500_000),
        mean_texture=(19_000_000, 23_000_000),
        mean_concavity=(90_000, 170_000),
    )
    return {"inputs": inputs, "output": fields(worst_radius=(16_000_000, 21_000_000))[0]}


def adam(learning_rate):
    return {"adam": {"learning_rate": learning_rate, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}}


def sgd(learning_rate):
    return {"sgd": {"learning_rate": learning_rate, "momentum": 0.9}}


def task(data, schema, part, shape, layers, head, optimiser, batch_size, epochs):
    return {
        "data": str(DATA / data),
        "schema": schema,
        "architecture": {"input": shape, "layers": layers, "head": head},
        "starts": STARTS,
        "options": {"optimiser": optimiser, "batch_size": batch_size, "epochs": epochs, "seed": 3},
        "split": part and {"part": part, "seed": 1},
    }


def dense(units):
    return {"dense": {"units": units}}


CONVOLUTIONAL = [
    {"conv2d": {"channels": 8, "kernel": [3, 3], "padding": [1, 1]}},
    "relu",
    {"max_pool2d": {"kernel": [2, 2], "stride": [2, 2]}},
    "flatten",
    dense(10),
]


def with_torch(given, training, validation):
    """The middle error of several starts."""
    return statistics.median(one_start(given, training, validation, seed) for seed in range(STARTS))


def one_start(given, training, validation, seed):
    torch.manual_seed(seed)
    network = Network(given["architecture"])
    options = given["options"]
    ((name, settings),) = options["optimiser"].items()
    rate = settings["learning_rate"]
    if name == "adam":
        optimiser = torch.optim.Adam(network.parameters(), rate)
    else:
        optimiser = torch.optim.SGD(network.parameters(), rate, settings["momentum"])
    training, validation = (
        {name: torch.from_numpy(tensor) for name, tensor in part.items()}
        for part in (training, validation)
    )
    for _ in range(options["epochs"]):
        for rows in torch.randperm(len(training["rows"])).split(options["batch_size"]):
            batch = {name: tensor[rows] for name, tensor in training.items()}
            optimiser.zero_grad()
            network.loss(network(batch["rows"]), batch).backward()
            optimiser.step()
    network.eval()
    with torch.inference_mode():
        outputs = network(validation["rows"])
    classes = outputs.argmax(1)
    return 100 * (classes != validation["classes"]).double().mean().item()


def with_logistic_regression(_, training, validation):
    """The least error of several strengths of regularisation."""
    errors = []
    for c in (1, 10, 100, 1_000):
        model = LogisticRegression(C=c, max_iter=10_000)
        model.fit(training["rows"], training["classes"])
        errors.append(100 * (1 - model.score(validation["rows"], validation["classes"])))
    return min(errors)


def with_least_squares(_, training, validation):
    rows, numbers = training["rows"].astype(float), training["numbers"].astype(float)
    model = LinearRegression().fit(rows, numbers)
    return ((model.predict(validation["rows"]) - validation["numbers"]) ** 2).mean()


# By name: the task, the reference's name, and the reference.
TASKS = {
    "digits, 64-32-10": (
        task("digits.csv", digits(), 0.8, [64], [dense(32), "relu", dense(10)], SOFTMAX, adam(0.005), 32, 30),
        "PyTorch",
        with_torch,
    ),
    "digits, convolution": (
        task("digits.csv", digits(), 0.8, [1, 8, 8], CONVOLUTIONAL, SOFTMAX, adam(0.005), 32, 30),
        "PyTorch",
        with_torch,
    ),
    "breast cancer, logistic regression": (
        task("breast-cancer.csv", breast_cancer(), 0.75, [30], [dense(1)], LOGISTIC, sgd(0.5), 32, 100),
        "scikit-learn LogisticRegression, the best of C = 1, 10, 100, 1000",
        with_logistic_regression,
    ),
    "worst radius, linear regression": (
        task("breast-cancer.csv", radius(), None, [3], [dense(1)], SQUARED, sgd(0.05), 569, 1_000),
        "scikit-learn LinearRegression",
        with_least_squares,
    ),
}


def main(program):
    torch.set_num_threads(1)
    print("| task | error, Syft | error, reference | reference |")
    print("| --- | ---: | ---: | --- |")
    for name, (given, who, reference) in TASKS.items():
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "task.json").write_text(json.dumps(given))
            printed = subprocess.run([program, folder], check=True, capture_output=True, text=True)
            parts = (load_file(folder / f"{part}.safetensors") for part in ("training", "validation"))
            found = reference(given, *parts)
        ours = statistics.median(int(error) for error in printed.stdout.split())
        if given["architecture"]["head"] == SQUARED:
            ours, theirs = f"{ours / 1e6:.6f}", f"{found:.6f}"
        else:
            ours, theirs = f"{ours / 1e7:.2f} %", f"{found:.2f} %"
        print(f"| {name} | {ours} | {theirs} | {who} |")


if __name__ == "__main__":
    main(sys.argv[1])
