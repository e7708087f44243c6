from products import page


def test_a_product_has_a_page():
    assert page(7).startswith("product 7")
