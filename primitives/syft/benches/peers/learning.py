"""What scikit-learn and PyTorch reach on the data, rows and models of Syft's learning tests.

    python learning.py PROGRAM

PROGRAM is the compiled example `learn`: it splits, trains with Syft and hands over the rows. Errors are in per cent of
the validation rows, or mean squares; the mean over so many splits as the tests take. Networks are trained by PyTorch with
the same optimiser, epochs and rows per step, each library from five starts of its own, of which the middle error counts.
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
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression

from architecture import LOGISTIC, SOFTMAX, SQUARED, Network

DATA = pathlib.Path(__file__).parents[4] / "data"
STARTS = 5
TOKENS = 2_049  # numbers of tokens in a text, 0 for padding


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


def standardised(table):
    """Ranges, in millionths, that bring every column to mean 0 and variance 1, roughly."""
    lows, highs = table.mean(0), table.mean(0) + table.std(0)
    return np.trunc(np.stack([lows, highs], 1) * 1e6).astype(int).tolist()


def breast_cancer():
    file = DATA / "breast-cancer.csv"
    names = file.read_text().splitlines()[0].split(",")[:30]
    ends = standardised(np.loadtxt(file, delimiter=",", skiprows=1, usecols=range(30)))
    classes = {"category": {"classes": ["malignant", "benign"]}}
    return {
        "inputs": fields(**dict(zip(names, ends))),
        "output": {"name": "diagnosis", "kind": classes},
    }


def radius():
    inputs = fields(
        mean_radius=(14_000_000, 17_500_000),
        mean_texture=(19_000_000, 23_000_000),
        mean_concavity=(90_000, 170_000),
    )
    return {"inputs": inputs, "output": fields(worst_radius=(16_000_000, 21_000_000))[0]}


def diabetes(file):
    """Writes scikit-learn's copy, which is not the project's to hand on, and says what is in it."""
    data = load_diabetes(scaled=False)
    table = np.column_stack([data.data, data.target])
    names = [*data.feature_names, "progression"]
    np.savetxt(file, table, "%.9g", ",", header=",".join(names), comments="")
    *inputs, output = fields(**dict(zip(names, standardised(table))))
    return {"inputs": inputs, "output": output}


def messages():
    kinds = ["question", "complaint", "praise"]
    return {
        "inputs": [{"name": "message", "kind": {"text": {"length": 32, "buckets": TOKENS - 1}}}],
        "output": {"name": "kind", "kind": {"category": {"classes": kinds}}},
    }


def adam(learning_rate):
    return {"adam": {"learning_rate": learning_rate, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}}


def sgd(learning_rate):
    return {"sgd": {"learning_rate": learning_rate, "momentum": 0.9}}


def task(data, schema, shape, layers, head, optimiser, batch_size, epochs, starts=1):
    return {
        "data": str(DATA / data),
        "schema": schema,
        "architecture": {"input": shape, "layers": layers, "head": head},
        "options": {"optimiser": optimiser, "batch_size": batch_size, "epochs": epochs, "seed": 3},
        "starts": starts,
    }


def splits(part, seeds):
    return [{"part": part, "seed": seed} for seed in seeds]


def dense(units):
    return {"dense": {"units": units}}


CONVOLUTIONAL = [
    {"conv2d": {"channels": 8, "kernel": [3, 3], "padding": [1, 1]}},
    "relu",
    {"conv2d": {"channels": 16, "kernel": [3, 3], "padding": [1, 1]}},
    "relu",
    {"max_pool2d": {"kernel": [2, 2], "stride": [2, 2]}},
    {"dropout": {"rate": 250_000}},
    dense(10),
]


MESSAGES = [{"embedding_bag": {"tokens": TOKENS, "width": 16}}, dense(3)]


def with_torch(given, training, validation):
    """The middle error of several starts."""
    starts = range(given["starts"])
    return statistics.median(one_start(given, training, validation, seed) for seed in starts)


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
    """As it comes, with C = 1."""
    model = LogisticRegression(max_iter=10_000).fit(training["rows"], training["classes"])
    return 100 * (1 - model.score(validation["rows"], validation["classes"]))


def with_counts(given, training, validation):
    """Logistic regression on how often each token is in a text."""

    def counted(part):
        rows = part["rows"].astype(int)
        return {**part, "rows": [np.bincount(row, minlength=TOKENS)[1:] for row in rows]}

    return with_logistic_regression(given, counted(training), counted(validation))


def with_least_squares(_, training, validation):
    rows, numbers = training["rows"].astype(float), training["numbers"].astype(float)
    model = LinearRegression().fit(rows, numbers)
    return ((model.predict(validation["rows"]) - validation["numbers"]) ** 2).mean()


# By name: the task, its splits (or none, to train and measure on all rows), the reference's name, and the reference.
TASKS = {
    "digits, 64-64-10": (
        task("digits.csv", digits(), [64], [dense(64), "relu", dense(10)], SOFTMAX, adam(0.005), 32, 40, STARTS),
        splits(0.8, [1]),
        "PyTorch",
        with_torch,
    ),
    "digits, two convolutions": (
        task("digits.csv", digits(), [1, 8, 8], CONVOLUTIONAL, SOFTMAX, adam(0.005), 32, 10, STARTS),
        splits(0.8, [1]),
        "PyTorch",
        with_torch,
    ),
    "breast cancer, logistic regression": (
        task("breast-cancer.csv", breast_cancer(), [30], [dense(1)], LOGISTIC, sgd(0.01), 32, 100),
        splits(0.75, range(40)),
        "scikit-learn LogisticRegression",
        with_logistic_regression,
    ),
    "messages, embedding bag": (
        task("messages.csv", messages(), [32], MESSAGES, SOFTMAX, adam(0.003), 32, 20),
        splits(0.8, range(5)),
        "scikit-learn LogisticRegression on counts of tokens",
        with_counts,
    ),
    "worst radius, linear regression": (
        task("breast-cancer.csv", radius(), [3], [dense(1)], SQUARED, sgd(0.05), 569, 1_000),
        [None],
        "scikit-learn LinearRegression",
        with_least_squares,
    ),
}


def diabetes_task(file):
    schema = diabetes(file)
    return (
        task(file, schema, [10], [dense(1)], SQUARED, sgd(0.2), 442, 3_000),
        [None],
        "scikit-learn LinearRegression",
        with_least_squares,
    )


def errors(program, given, split, reference):
    """Syft's on one split, and the reference's."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "task.json").write_text(json.dumps({**given, "split": split}))
        printed = subprocess.run([program, folder], check=True, stdout=subprocess.PIPE, text=True)
        parts = (load_file(folder / f"{part}.safetensors") for part in ("training", "validation"))
        found = reference(given, *parts)
    unit = 1e6 if given["architecture"]["head"] == SQUARED else 1e7
    return statistics.median(int(error) / unit for error in printed.stdout.split()), found


def main(program):
    torch.set_num_threads(1)
    print("| task | splits | error, Syft | error, reference | reference |")
    print("| --- | ---: | ---: | ---: | --- |")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "diabetes.csv"
        tasks = {**TASKS, "diabetes, linear regression": diabetes_task(file)}
        for name, (given, on, who, reference) in tasks.items():
            pairs = [errors(program, given, split, reference) for split in on]
            ours, theirs = (statistics.mean(side) for side in zip(*pairs))
            form = "{:.6f}" if given["architecture"]["head"] == SQUARED else "{:.2f} %"
            count = len(on) if on[0] else "-"
            print(f"| {name} | {count} | {form.format(ours)} | {form.format(theirs)} | {who} |")


if __name__ == "__main__":
    main(sys.argv[1])
