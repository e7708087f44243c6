import shop


def test_a_basket_adds_up_in_cents():
    assert shop.total(["10.80", "1.10"]) == 1190
