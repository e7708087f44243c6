from shop import publish


def test_every_page_has_an_address():
    pages = [f"page-{number}" for number in range(12)]
    assert publish(pages)[-1] == "/catalogue/page-11"
