"""Keras models, translated to channels-first torch networks and from there to ONNX. Needs the extra `keras`."""
