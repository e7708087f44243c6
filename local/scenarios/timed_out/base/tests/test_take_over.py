import shop


def test_every_page_is_taken_over():
    assert shop.take_over() == shop.PAGES
