"""Writing the ledger: open accounts, apply chains, and the group-commit poster for many threads."""

from jiaozi.ledger.services.poster import Poster
from jiaozi.ledger.services.transfers import apply, open_accounts, require

__all__ = ["Poster", "apply", "open_accounts", "require"]
