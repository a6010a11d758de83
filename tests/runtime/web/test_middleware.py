"""The headers that keep other sites out, of every answer."""

import pytest
from fastapi.testclient import TestClient

from runtime.web.middleware import content_security_policy


@pytest.mark.parametrize(
    ("image_base_url", "sources"),
    [
        (None, "'self' blob:"),
        ("/pictures", "'self' blob:"),
        ("https://d1.cloudfront.net/images", "'self' https://d1.cloudfront.net blob:"),
        ("http://NAS:9000/a/b?c", "'self' http://nas:9000 blob:"),
        ("https://user:word@cdn.example", "'self' https://cdn.example blob:"),
        ("https://bücher.example/x", "'self' https://xn--bcher-kva.example blob:"),
        ("http://[2001:db8::1]:8080/x", "'self' http://[2001:db8::1]:8080 blob:"),
    ],
)
def test_pictures_come_from_here_and_from_where_the_settings_put_them_alone(
    image_base_url: str | None, sources: str
) -> None:
    parts = [part.strip() for part in content_security_policy(image_base_url).split(";")]
    assert [part for part in parts if part.startswith("img-src")] == [f"img-src {sources}"]
    assert {"default-src 'self'", "object-src 'none'", "base-uri 'none'"} <= set(parts)
    assert {"form-action 'self'", "frame-ancestors 'none'"} <= set(parts)


def test_no_answer_can_be_embedded_by_another_site(client: TestClient) -> None:
    for path in ("/", "/images/grey.png", "/images/nothing.png", "/static/app.js", "/nowhere", "/readyz"):
        assert client.get(path).headers["cross-origin-resource-policy"] == "same-origin"
