"""Models and index, checked file by file and against each other: `lookwhy verify`, and before publishing."""
