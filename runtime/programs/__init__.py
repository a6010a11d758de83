"""For programs: the library as a Python object, and as tools of an assistant. No command line, no HTTP."""
