"""The verbs of notices: keep webhooks and send to them; tell people, on their page and by mail, what they chose."""

from jiaozi.notice.services.listening import add_webhook, end_webhook, secret
from jiaozi.notice.services.mailing import send_mail_due
from jiaozi.notice.services.reading import read_journal
from jiaozi.notice.services.reminding import remind
from jiaozi.notice.services.sending import send_due
from jiaozi.notice.services.telling import choose, forget, open_one, read, tell_people

__all__ = [
    "add_webhook",
    "choose",
    "end_webhook",
    "forget",
    "open_one",
    "read",
    "read_journal",
    "remind",
    "secret",
    "send_due",
    "send_mail_due",
    "tell_people",
]
