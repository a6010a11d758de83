"""What lies in a folder of pictures: which files are looked at, which are left out, and what is told of them."""
