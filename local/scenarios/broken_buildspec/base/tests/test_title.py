from shop import title


def test_a_title_names_the_page_and_the_shop():
    assert title(" mugs ") == "Mugs | Shop"
