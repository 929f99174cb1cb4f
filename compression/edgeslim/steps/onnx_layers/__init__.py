"""Weight layers of an ONNX graph: found, run one by one on images without labels, coded and stored."""
