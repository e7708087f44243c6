import inventory


def test_a_known_product_has_stock():
    assert inventory.stock("mug-blue", timeout=2.5) == 7
