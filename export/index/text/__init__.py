"""Text in pictures: three graphs of PP-OCRv6 find lines, turn them upright and read them, with numpy and Pillow alone.

The graphs come in the wheel of rapidocr, none of whose code is used. The runtime never imports this package.
"""
