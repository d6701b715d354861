"""What may be bid, how a book is cleared, why each order got what it got, what the ledger writes of it. Pure."""

from jiaozi.exchange.rules.book import Book, Contract, Link, Order, Period, Product, Side, Terms
from jiaozi.exchange.rules.checking import Problem, UnableToClear, check_book, check_orders, check_terms
from jiaozi.exchange.rules.clearing import Cleared, Clearing, Flow, Price, clear
from jiaozi.exchange.rules.clearing.power import Power, RelatedTrade, groups
from jiaozi.exchange.rules.entering import NewOrder, next_close, window
from jiaozi.exchange.rules.files import UnableToReadBook, read_book, read_frame, read_object
from jiaozi.exchange.rules.life import OrderState, SessionState, UnableToReadOrders, UnableToReplay, UnableToTrade
from jiaozi.exchange.rules.lines import Block
from jiaozi.exchange.rules.reasons import Code, say
from jiaozi.exchange.rules.steps import Step, steps

__all__ = [
    "Block",
    "Book",
    "Cleared",
    "Clearing",
    "Code",
    "Contract",
    "Flow",
    "Link",
    "NewOrder",
    "Order",
    "OrderState",
    "Period",
    "Power",
    "Price",
    "Problem",
    "Product",
    "RelatedTrade",
    "SessionState",
    "Side",
    "Step",
    "Terms",
    "UnableToClear",
    "UnableToReadBook",
    "UnableToReadOrders",
    "UnableToReplay",
    "UnableToTrade",
    "check_book",
    "check_orders",
    "check_terms",
    "clear",
    "groups",
    "next_close",
    "read_book",
    "read_frame",
    "read_object",
    "say",
    "steps",
    "window",
]
