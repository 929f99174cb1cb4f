"""ONNX → TensorFlow Lite, by the packages of the extra 'tflite', which are imported in a process of their own."""
