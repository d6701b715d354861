"""Answering programs: one write under one key happens once, and nobody asks faster than the pace."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from jiaozi.kernel.ids import named_id
from jiaozi.party.models import KeptAnswer, PaceCount
from jiaozi.party.rules import Actor
from jiaozi.party.rules import program as rules
from jiaozi.party.rules.program import Act, Answer, Pace

_CLAIM = (
    "INSERT INTO party_kept_answer (id, asker, digest, asked_at, status, body) VALUES (%s, %s, %s, %s, 0, '')"
    " ON CONFLICT (id) DO NOTHING"
)
_COUNT = (
    'INSERT INTO party_pace_count AS old (caller, "window", used) VALUES (%s, %s, 1) ON CONFLICT (caller) DO UPDATE'
    ' SET used = CASE WHEN old."window" = excluded."window" THEN old.used + 1 ELSE 1 END, "window" = excluded."window"'
    " RETURNING used"
)


def once(*, key: str, digest: bytes, by: Actor, now: datetime, act: Act) -> Answer:
    """Let ``act`` write once under a key, in one transaction with the answer; asked again, give the answer it had.

    Who asks while the first is still at work waits for it. What is refused, or cut off by a crash, wrote nothing and
    leaves the key free. What a verb does after its commit happens after this one.

    Raises
    ------
    UnableToRepeat
        When the key is missing, or stands for another request.
    """
    id_ = named_id("party.answer", by.name, rules.check_key(key))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [id_, by.name, digest, now])
            first = cursor.rowcount == 1
        if not first:
            kept = KeptAnswer.objects.get(id=id_)
            rules.check_same(bytes(kept.digest), digest)
            return Answer(kept.status, kept.body)
        answer = act()
        KeptAnswer.objects.filter(id=id_).update(status=answer.status, body=answer.body)
    return answer


def keep_pace(*, caller: bytes, most: int, now: datetime) -> Pace:
    """Count one request of a caller, in one statement, and give its pace.

    Requests of all processes are counted, two at the same moment as well: a shared cache reads and writes in two steps.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [caller, int(now.timestamp()) // rules.WINDOW_S])
        return rules.window(now, most, cursor.fetchone()[0])


def forget_answers(*, now: datetime) -> int:
    """Forget answers that nobody may ask for again, and the counts of past windows; gives how many answers."""
    forgotten, _ = KeptAnswer.objects.filter(asked_at__lt=now - rules.KEPT).delete()
    PaceCount.objects.filter(window__lt=int(now.timestamp()) // rules.WINDOW_S).delete()
    return forgotten
