"""Long trials of the whole program, each run as a module (`python -m tests.fuzz.soak`); pytest collects none of them."""
