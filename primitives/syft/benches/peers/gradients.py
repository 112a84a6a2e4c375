"""Decodes the gradients that Syft writes, with safetensors and PyTorch alone, to the same bits as Syft.

    python gradients.py PROGRAM

PROGRAM is the compiled example `gradients`.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file

ARCHITECTURE = {
    "input": [64],
    "layers": [{"dense": {"units": 32}}, "relu", {"dense": {"units": 10}}],
    "head": "softmax_cross_entropy",
}
# Its parameters in the canonical order.
SHAPES = {
    "layers.0.weight": (32, 64),
    "layers.0.bias": (32,),
    "layers.2.weight": (10, 32),
    "layers.2.bias": (10,),
}
BLOCK = 64


def dense(tensors):
    return torch.cat([tensors[name].float().flatten() for name in SHAPES])


def int8_blocks(tensors):
    parts = []
    for name in SHAPES:
        numbers = tensors[name].flatten()
        scales = tensors[f"{name}.scale"].repeat_interleave(BLOCK)[: len(numbers)]
        parts.append(scales * numbers)
    return torch.cat(parts)


def top_k(tensors):
    values = torch.zeros(sum(torch.Size(shape).numel() for shape in SHAPES.values()))
    values[tensors["indices"].long()] = tensors["values"]
    return values


DECODERS = {"dense-f32": dense, "dense-bf16": dense, "int8-blocks": int8_blocks, "top-k": top_k}


def main(program):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "architecture.json").write_text(json.dumps(ARCHITECTURE))
        subprocess.run([program, folder], check=True)
        exact = None
        print("| encoding | bytes | largest loss by encoding | decoded as by Syft |")
        print("| --- | ---: | ---: | --- |")
        for encoding, decode in DECODERS.items():
            file = folder / f"{encoding}.safetensors"
            values = decode(load_file(file))
            exact = values if exact is None else exact
            loss = (values - exact).abs().max().item()
            same = values.numpy().astype("<f4").tobytes() == (folder / f"{encoding}.values").read_bytes()
            print(f"| {encoding} | {file.stat().st_size:,} | {loss:.1e} | {'yes' if same else 'no'} |")
            if not same:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
