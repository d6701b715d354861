"""A typed client of the API, for programs and for the command line; it imports nothing of the house.

>>> from jiaozi.client import Client
>>> with Client("https://example.invalid", token="jz_…") as jiaozi:  # doctest: +SKIP
...     for voucher in every(jiaozi.list_vouchers, state=["ACTIVE"]):
...         print(voucher["number"], voucher["spendable_fen"])
"""

from jiaozi.client.operations import Operations as Client
from jiaozi.client.paging import every
from jiaozi.client.transport import File, Problem, UnableToReach

__all__ = ["Client", "File", "Problem", "UnableToReach", "every"]
