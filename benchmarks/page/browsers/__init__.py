"""The page in Firefox and in WebKitGTK, as the tests have it in Chromium: python -m benchmarks.page.browsers."""
