"""The race: the seed's way, plain ONNX and Lookwhy do the same work in alternating processes. `make bench` runs it."""
