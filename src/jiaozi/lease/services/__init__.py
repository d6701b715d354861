"""The verbs of a lease: allowed by its holder, opened and filled up, spent by its centre, returned or taken back."""

from jiaozi.lease.services.allowing import allow, disallow
from jiaozi.lease.services.contacting import Contact, contact
from jiaozi.lease.services.ending import give_back, recall, write_off
from jiaozi.lease.services.granting import grant
from jiaozi.lease.services.hearing import admit, hear, hear_all
from jiaozi.lease.services.keeping import keeper_of
from jiaozi.lease.services.ruling import rule_loss
from jiaozi.lease.services.tending import tend, tend_all

__all__ = [
    "Contact",
    "admit",
    "allow",
    "contact",
    "disallow",
    "give_back",
    "grant",
    "hear",
    "hear_all",
    "keeper_of",
    "recall",
    "rule_loss",
    "tend",
    "tend_all",
    "write_off",
]
