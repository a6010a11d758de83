"""Cameras' names of maker and model."""

import pytest

from export.index.photos.camera import name_camera


@pytest.mark.parametrize(
    ("maker", "model", "name"),
    [
        ("NIKON CORPORATION", "NIKON D850", "Nikon D850"),
        ("NIKON", "COOLPIX P900", "Nikon COOLPIX P900"),
        ("Canon", "Canon EOS 5D Mark IV", "Canon EOS 5D Mark IV"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("SONY", "ILCE-7M3", "Sony ILCE-7M3"),
        ("EASTMAN KODAK COMPANY", "KODAK EASYSHARE Z740", "Kodak EASYSHARE Z740"),
        ("LEICA CAMERA AG", "LEICA Q2", "Leica Q2"),
        ("OLYMPUS IMAGING CORP.  \0", "E-M5            ", "Olympus E-M5"),
        ("OM Digital Solutions", "OM-1", "OM-1"),
        ("samsung", "SM-G991B", "Samsung SM-G991B"),
        ("RICOH IMAGING COMPANY, LTD.", "PENTAX K-1", "Ricoh PENTAX K-1"),
        ("OnePlus", "ONEPLUS A6000", "OnePlus A6000"),
        ("LG Electronics", "LG-H870", "LG-H870"),
        ("DJI", "FC220", "DJI FC220"),
        ("CASIO COMPUTER CO.,LTD", "EX-Z750", "Casio EX-Z750"),
        ("", "Canon PowerShot", "Canon PowerShot"),
        ("Canon", "", "Canon"),
        ("Can\x1b[31mon\n", "\u202eEOS", "Can [31mon EOS"),
        ("\0\0", "   ", None),
        ("----", "----", None),
        ("A" * 5000, "B" * 5000, "A" + "a" * 99),
    ],
)
def test_a_camera_has_its_maker_once(maker: str, model: str, name: str | None) -> None:
    assert name_camera(maker, model) == name
