"""What Ray's complaints mean: one clear reason each, and whether asking again can help."""

from __future__ import annotations

from jiaozi.order.ports import UnableToReachEngine, UnableToSubmit

_SHOWN_MAX = 300
_ASK_AGAIN = (429, 502, 503, 504)
_NOT_LET_IN = (401, 403)
_SERVER_FAULT = 500


def refusal(status: int, text: str) -> UnableToSubmit | UnableToReachEngine:
    """Give the refusal that the answer to a submission means."""
    if status in _NOT_LET_IN or status in _ASK_AGAIN or status >= _SERVER_FAULT:
        return unreachable(status, text)
    said = last_line(text)
    return UnableToSubmit("RAY_REFUSED", f"中心的Ray拒绝了该作业：{said}", f"the centre's Ray refused the job: {said}")


def unreachable(status: int, text: str) -> UnableToReachEngine:
    """Give the refusal that the answer to a question means: without a good answer nothing is known, so ask again."""
    if status in _NOT_LET_IN:
        return UnableToReachEngine(
            "KEY_REFUSED",
            "中心的Ray不接受本平台的令牌；请核对token_file",
            "the centre's Ray does not accept the platform's token; check token_file",
        )
    if status in _ASK_AGAIN or "No available agent" in text:
        return UnableToReachEngine(
            "QUEUE_FULL",
            "中心的Ray暂时不接受请求，稍后自动重试",
            "the centre's Ray takes no more now; it is tried again later",
        )
    said = last_line(text)
    return UnableToReachEngine(
        "RAY_NO_ANSWER", f"中心的Ray没有答复（{status}）：{said}", f"Ray gave no answer ({status}): {said}"
    )


def disconnected(problem: Exception) -> UnableToReachEngine:
    """There is no way to the head."""
    return UnableToReachEngine(
        "CENTRE_UNREACHABLE", f"无法连接中心的Ray：{problem}", f"no connection to the centre's Ray: {problem}"
    )


def timed_out(seconds: int) -> UnableToReachEngine:
    """The centre took longer than it may."""
    return UnableToReachEngine(
        "ENGINE_TOO_SLOW", f"中心{seconds}秒内没有答完", f"the centre did not finish its answer within {seconds} s"
    )


def too_large(size: int) -> UnableToReachEngine:
    """The answer is more than is read."""
    return UnableToReachEngine(
        "ANSWER_TOO_LARGE",
        f"中心的答复超过{size}字节，请调低keep_hours或调高answer_bytes_max",
        f"the centre's answer is above {size} bytes; lower keep_hours or raise answer_bytes_max",
    )


def garbled(what: str) -> UnableToReachEngine:
    """An answer that can't be read, or only half of one."""
    return UnableToReachEngine(
        "ANSWER_GARBLED",
        f"中心的答复不完整或无法读取：{what[:80]}",
        f"the centre's answer is cut short or can't be read: {what[:80]}",
    )


def last_line(text: str) -> str:
    """Give what a traceback ends with, or the text's last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip(" .")]
    return (lines[-1] if lines else "?")[:_SHOWN_MAX]
