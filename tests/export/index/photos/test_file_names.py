"""Dates in file names: the forms of phones, cameras and messengers, and numbers that are no dates."""

import pytest

from export.index.photos.file_names import date_in_name

DATES = {
    "IMG_20190704_153000.jpg": "2019-07-04T15:30:00",
    "IMG-20190704-WA0007.jpg": "2019-07-04",
    "PXL_20220405_090123740.PORTRAIT.jpg": "2022-04-05T09:01:23",
    "20190704_153000(1).jpg": "2019-07-04T15:30:00",
    "Screenshot_20190201-212530_Fennec_F-Droid.png": "2019-02-01T21:25:30",  # PhotoPrism 304
    "Screenshot 2019-07-04 at 15.30.00.png": "2019-07-04T15:30:00",
    "Bildschirmfoto 2019-07-04 um 15.30.00.png": "2019-07-04",
    "signal-2018-08-21-100217.jpg": "2018-08-21T10:02:17",
    "2011-07-19 11.36.39.jpg": "2011-07-19T11:36:39",
    "2014-08-25_17.15.33.jpg": "2014-08-25T17:15:33",
    "WhatsApp Image 2019-07-04 at 15.30.00.jpeg": "2019-07-04T15:30:00",
    "PHOTO-2019-07-04-15-30-00.jpg": "2019-07-04T15:30:00",
    "VID_20190704_153000.jpg": "2019-07-04T15:30:00",
    "FB_IMG_1562247000000.jpg": "2019-07-04T13:30:00",
    "mmexport1562247000000.jpg": "2019-07-04T13:30:00",
    "received_1562247000.jpeg": "2019-07-04T13:30:00",
    "scan_1987.06.21.tif": "1987-06-21",
    "2019-07-04 party.jpg": "2019-07-04",
    "Screenshot from 2019-07-04 15-30-00.png": "2019-07-04T15:30:00",
    "IMG_20190704_153000_HDR.jpg": "2019-07-04T15:30:00",
    "IMG_20190704_153000_1.jpg": "2019-07-04T15:30:00",
    "00000IMG_00000_BURST20190704153000123_COVER.jpg": "2019-07-04T15:30:00",
    "MVIMG_20190704_153000.jpg": "2019-07-04T15:30:00",
    "2019_07_04_15_30_00.jpg": "2019-07-04T15:30:00",
    "photo_2019-07-04_15-30-00.jpg": "2019-07-04T15:30:00",
    "DJI_20190704153000_0001_D.JPG": "2019-07-04T15:30:00",
    "Snapchat-1562247000.jpg": "2019-07-04T13:30:00",
    "4f2a20190704b1c.jpg": "2019-07-04",
    # macOS has a narrow no-break space before PM; WhatsApp on Windows has 12 hours, too
    "Screenshot 2019-07-04 at 3.30.00\u202fPM.png": "2019-07-04T15:30:00",
    "WhatsApp Image 2019-07-04 at 12.05.00 AM.jpeg": "2019-07-04T00:05:00",
    "IMG_20190704_001.jpg": "2019-07-04",
    "WP_20140825_17_15_33_Pro.jpg": "2014-08-25T17:15:33",
    "WP_20140825_001.jpg": "2014-08-25",
    "C360_2014-08-25-17-15-33-123.jpg": "2014-08-25T17:15:33",
    "Screenshot_2019-07-04-15-30-00-123_com.whatsapp.jpg": "2019-07-04T15:30:00",
    "WIN_20190704_15_30_00_Pro.jpg": "2019-07-04T15:30:00",
    "20190704T153000.jpg": "2019-07-04T15:30:00",
    "IMG_20190704_245900.jpg": "2019-07-04",
    "IMG_20190704_153000~2.jpg": "2019-07-04T15:30:00",
    "20200229_120000.jpg": "2020-02-29T12:00:00",
    "1562247000000.jpg": "2019-07-04T13:30:00",
    "Screenshot_20001020-010203.png": "2000-10-20T01:02:03",  # PhotoPrism 3651
}
NO_DATES = [
    "IMG_4021.HEIC",
    "DSC_0104.JPG",
    "DSCN20191332.jpg",
    "000000012280.jpg",
    "IMG_20191332_153000.jpg",
    "12345678901234.jpg",
    "received_10156224700000123.jpeg",
    "1920x1080.png",
    "20081996.jpg",
    "P1010101.JPG",
    "49015123456789.jpg",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.jpg",
    "3840-2160.jpg",
    "Order 2019-13-45.png",
    "IMG_2019.jpg",
    "2019.jpg",
    "22-04-06.jpg",  # PhotoPrism 2271
    "IMG_19700101_000000.jpg",
    "2099-01-01.jpg",
    "20190229_120000.jpg",
    "Foto 04-07-2019.jpg",
    "",
    ".jpg",
]


@pytest.mark.parametrize(("name", "taken"), DATES.items())
def test_a_date_in_a_name_is_found_as_far_as_it_is_told(name: str, taken: str) -> None:
    found = date_in_name(name)
    assert found is not None
    assert found.taken == taken


@pytest.mark.parametrize("name", NO_DATES)
def test_a_number_that_is_no_date_is_not_taken_for_one(name: str) -> None:
    assert date_in_name(name) is None


def test_only_seconds_since_1970_are_known_to_be_utc() -> None:
    told = {name: found.offset_minutes for name in DATES if (found := date_in_name(name))}
    assert {name for name, offset in told.items() if offset == 0} == {
        "FB_IMG_1562247000000.jpg",
        "mmexport1562247000000.jpg",
        "received_1562247000.jpeg",
        "Snapchat-1562247000.jpg",
        "1562247000000.jpg",
    }
