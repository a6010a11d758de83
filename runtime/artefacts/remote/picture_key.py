"""Where the original of a picture lies on S3, below the pictures' address: for who reads it, shows it and sends it."""


def picture_key(sha256: str, image_path: str) -> str:
    """Return the key; another picture in the same place has another one."""
    return f"{sha256}/{image_path}"
