"""Lists of addresses: every form that people have, and a clear word about those that cannot be used."""

from pathlib import Path

import pytest

from export.errors import UrlListUnusable
from export.fetch.url_list import UrlRow, read_urls

A, B = "http://a.example/1.jpg", "https://b.example/w_800,h_600/2.jpg?x=1;y=2"
TWO = [UrlRow(1, A), UrlRow(2, B)]


def write(folder: Path, content: str | bytes, name: str = "urls.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("urls.csv", f'photo_id,photo_image_url\nx,{A}\ny,"{B}"\n'),
        ("seed.csv", f'url,photo_image_url\nhttp://page,{A}\nhttp://page,"{B}"\n'),
        ("bom.csv", f'\ufeffURL\n{A}\n"{B}"\n'),
        ("crlf.csv", f'id,Image_URL \r\n1, {A}\r\n\r\n2,"{B}"\r\n'),
        ("multiline.csv", f'"a ""quoted""\nnote",url\n"one\ntwo",{A}\n,"{B}"'),
        ("semicolon.csv", f'id;url\n1;{A}\n2;"{B}"\n'),
        ("photos.tsv", f"id\turl\n1\t{A}\n2\t{B}\n"),
        ("photos.tsv000", f"id\turl\n1\t{A}\n2\t{B}\n"),
        ("bare.csv", f'{A},x\n"{B}",y\n'),
        ("plain.txt", f"# mine\n\n{A}\n  {B}  \r\n# end\n"),
        ("plain", f"{A}\n{B}"),
    ],
)
def test_list_gives_its_addresses_in_order(name: str, content: str, tmp_path: Path) -> None:
    assert read_urls(write(tmp_path, content, name)) == TWO


def test_named_column_wins(tmp_path: Path) -> None:
    path = write(tmp_path, f"url,mine\nhttp://page,{A}\n")
    assert read_urls(path, "Mine") == [UrlRow(1, A)]


def test_row_without_an_address_keeps_its_number(tmp_path: Path) -> None:
    path = write(tmp_path, f"id,url\n1,\n2\n3,{A}\n")
    assert read_urls(path) == [UrlRow(1, ""), UrlRow(2, ""), UrlRow(3, A)]


@pytest.mark.parametrize(
    ("content", "column", "said"),
    [
        ("", None, "it is empty"),
        (" \n\n", None, "it is empty"),
        ("url\n", None, "names no address"),
        ("url\n,\n", None, "names no address"),
        ("id,title\n1,x\n", None, "its columns are 'id', 'title'; name one with --column"),
        ("id,url\n1,x\n", "links", "no column 'links'; its columns are 'id', 'url'"),
        (b"url\nhttp://a/\xff.jpg\n", None, "not UTF-8"),
        (f"url\n{A}\n".encode("utf-16"), None, "not UTF-8"),
        ('id,url\n1,"http://a\n2,http://b\n', None, "line 3 is no row of a table (unexpected end of data)"),
        ("url\n" + "x" * 200_000, None, "line 2 is no row of a table (field larger than field limit"),
        (f"{A}\n", "url", "no column 'url'"),
    ],
)
def test_unusable_list_is_refused_with_the_reason(
    content: str | bytes, column: str | None, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UrlListUnusable, match=r"urls\.csv cannot be used as a list of addresses") as refusal:
        read_urls(write(tmp_path, content), column)
    assert said in str(refusal.value)


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_absent_file_or_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UrlListUnusable):
        read_urls(tmp_path / name)
