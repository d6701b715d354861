"""Measures the network to another place: a responder there, a prober here, one TCP connection between them.

The talk on a connection: the responder greets with 16 random bytes; the prober proves with their HMAC-SHA256 that it
has the shared token; then ``E`` and 16 bytes are echoed, and ``S`` and a number of MiB are answered with as many bytes.
Nothing else is understood, and every step has an end in time, so that a stranger gets nothing out of it.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import socketserver
import struct
import threading
import time
from contextlib import suppress

from jiaozi.catalogue.rules.probing import Measured, UnableToProbe, summarise

TIMEOUT_S = 10.0
ECHOES = 32
MOVED_MAX_MIB = 256
_NONCE = 16
_CHUNK = 65_536
_MIB = 1_048_576
_TALKERS_MAX = 8
_ASKED_MAX = 1_000


def _proof(token: bytes, nonce: bytes) -> bytes:
    return hmac.digest(token, nonce, "sha256")


def _exactly(talk: socket.socket, size: int) -> bytes:
    """Read so many bytes, or raise ConnectionError when the other end stops before."""
    parts = []
    while size:
        part = talk.recv(min(size, _CHUNK))
        if not part:
            raise ConnectionError("the other end closed the connection")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class _Talk(socketserver.BaseRequestHandler):
    """One prober's connection at the responder."""

    server: Responder

    def handle(self) -> None:
        talk: socket.socket = self.request
        talk.settimeout(TIMEOUT_S)
        talk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.server.seats.acquire(blocking=False):
            return
        try:
            with suppress(OSError):
                self._answer(talk)
        finally:
            self.server.seats.release()

    def _answer(self, talk: socket.socket) -> None:
        nonce = secrets.token_bytes(_NONCE)
        talk.sendall(nonce)
        if not hmac.compare_digest(_exactly(talk, 32), _proof(self.server.token, nonce)):
            return
        for _ in range(_ASKED_MAX):
            verb = _exactly(talk, 1)
            if verb == b"E":
                talk.sendall(_exactly(talk, _NONCE))
            elif verb == b"S":
                (mib,) = struct.unpack("!I", _exactly(talk, 4))
                self._stream(talk, min(mib, MOVED_MAX_MIB) * _MIB)
            else:
                return

    @staticmethod
    def _stream(talk: socket.socket, size: int) -> None:
        chunk, until = secrets.token_bytes(_CHUNK), time.monotonic() + 6 * TIMEOUT_S
        for _ in range(size // _CHUNK):
            if time.monotonic() > until:
                return
            talk.sendall(chunk)


class Responder(socketserver.ThreadingTCPServer):
    """Answers probers who have the token, a few at a time; ``serve_forever`` until ``shutdown``."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, host: str, port: int, token: bytes) -> None:
        self.token = _checked(token)
        self.seats = threading.Semaphore(_TALKERS_MAX)
        super().__init__((host, port), _Talk)


def _checked(token: bytes) -> bytes:
    if len(token) < _NONCE:
        raise UnableToProbe(
            "TOKEN_TOO_SHORT",
            f"共享口令至少 {_NONCE} 字节",
            f"the shared token needs at least {_NONCE} bytes",
            field="token",
        )
    return token


def measure(
    host: str, port: int, token: bytes, *, moved_mib: int = 0, echoes: int = ECHOES, timeout_s: float = TIMEOUT_S
) -> Measured:
    """Time round trips to a responder, and what one connection carries if ``moved_mib`` is more than 0.

    Raises
    ------
    UnableToProbe
        When nobody answers in time, the token is another, or what comes back is not what was sent.
    """
    if not 0 <= moved_mib <= MOVED_MAX_MIB or not 1 <= echoes < _ASKED_MAX:
        raise UnableToProbe(
            "OUT_OF_BOUNDS",
            f"传输量须为 0 至 {MOVED_MAX_MIB} MiB，往返次数须为 1 至 {_ASKED_MAX - 1}",
            f"move 0 to {MOVED_MAX_MIB} MiB and echo 1 to {_ASKED_MAX - 1} times",
            field="moved_mib",
        )
    proof_of = _checked(token)
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as talk:
            talk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            talk.sendall(_proof(proof_of, _exactly(talk, _NONCE)))
            _round_trip_ns(talk)  # the first one pays for the proof's check
            trips = [_round_trip_ns(talk) for _ in range(echoes)]
            took_ns = _moved_ns(talk, moved_mib) if moved_mib else 0
    except OSError as problem:
        raise UnableToProbe(
            "NO_ANSWER",
            f"{host}:{port} 无应答或口令不符：{problem}",
            f"no answer from {host}:{port}, or another token: {problem}",
            field="host",
        ) from None
    return summarise(trips, moved_bytes=moved_mib * _MIB, took_ns=took_ns)


def _round_trip_ns(talk: socket.socket) -> int:
    sent = secrets.token_bytes(_NONCE)
    began = time.perf_counter_ns()
    talk.sendall(b"E" + sent)
    back = _exactly(talk, _NONCE)
    took = time.perf_counter_ns() - began
    if back != sent:
        raise ConnectionError("what came back is not what was sent")
    return took


def _moved_ns(talk: socket.socket, mib: int) -> int:
    """Time the bytes that come; the clock starts with the request, so one round trip is in it."""
    began = time.perf_counter_ns()
    talk.sendall(b"S" + struct.pack("!I", mib))
    left = mib * _MIB
    while left:
        left -= len(_exactly(talk, min(left, _CHUNK)))
    return time.perf_counter_ns() - began
