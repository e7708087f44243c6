from shop import with_tax


def test_tax_is_added():
    assert with_tax(1080, 10) == 1188


def test_nothing_is_added_without_tax():
    assert with_tax(1080, 0) == 1080
