"""Formats that Pillow does not read: HEIC and RAW, by the extra "photos", in processes of their own."""
