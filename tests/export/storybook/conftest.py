"""Without torch, the tests of training are not collected; drawing and language are tested everywhere."""

from importlib.util import find_spec

TRAINING_TESTS = ["test_patches.py", "test_tokenizers.py", "test_training.py"]
collect_ignore = [] if find_spec("torch") and find_spec("transformers") else TRAINING_TESTS
