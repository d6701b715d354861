"""The verbs of notices: keep webhooks, read the journal for them, send what is due."""

from jiaozi.notice.services.listening import add_webhook, end_webhook, secret
from jiaozi.notice.services.reading import read_journal
from jiaozi.notice.services.sending import send_due

__all__ = ["add_webhook", "end_webhook", "read_journal", "secret", "send_due"]
