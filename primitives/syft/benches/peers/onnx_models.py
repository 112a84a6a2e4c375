"""Models in ONNX."""

import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def product(m, k, n, transposed):
    """`a` (m x k) times `b` (k x n, or n x k if transposed)."""
    b = [n, k] if transposed else [k, n]
    node = helper.make_node("Gemm", ["a", "b"], ["out"], transB=int(transposed))
    return _model([node], {"a": [m, k], "b": b}, {"out": [m, n]}, [])


def classifier(network):
    """An ONNX model of a network in PyTorch with one hidden layer and ReLU."""
    tensors = {
        name: tensor.detach().numpy()
        for name, tensor in zip(("w", "b", "v", "c"), network.parameters())
    }
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "v", "c"], ["y"], transB=1),
    ]
    inputs, outputs = tensors["w"].shape[1], len(tensors["c"])
    initialisers = [numpy_helper.from_array(tensor, name) for name, tensor in tensors.items()]
    return _model(nodes, {"x": ["rows", inputs]}, {"y": ["rows", outputs]}, initialisers)


def _model(nodes, inputs, outputs, initialisers):
    def infos(shapes):
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in shapes.items()
        ]

    graph = helper.make_graph(nodes, "graph", infos(inputs), infos(outputs), initialisers)
    # Versions that every onnxruntime of the last years reads.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model.SerializeToString()


def session(model):
    """Runs an ONNX model on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
