import unittest

from shop import reserve


class Reserve(unittest.TestCase):
    def test_every_item_is_reserved(self):
        goods = ["tea", "rice", "salt", "oil"]
        self.assertEqual(list(reserve(goods)), goods)
