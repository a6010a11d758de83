"""Formats that Pillow does not read: HEIC and RAW, by the extra `photos`, in a process of their own."""
