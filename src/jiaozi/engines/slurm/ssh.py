"""Running a program at the centre over SSH, with the centre's host key checked and every step bounded in time."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence

import asyncssh

from jiaozi.engines.slurm import faults
from jiaozi.engines.slurm.options import Options
from jiaozi.engines.slurm.ports import AnswerTooLarge
from jiaozi.engines.slurm.shell import Done, read_complaint
from jiaozi.order.ports import UnableToReachEngine


class SecureShell:
    """Runs programs over SSH, one connection a call: nothing stale can stay behind."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def run(self, words: Sequence[str], given: bytes = b"") -> Done:
        """Run it; the far side's shell sees every word quoted."""
        try:
            return asyncio.run(asyncio.wait_for(self._run(shlex.join(words), given), self._options.timeout_s))
        except TimeoutError:
            raise faults.timed_out(self._options.timeout_s) from None
        except asyncssh.HostKeyNotVerifiable:
            raise UnableToReachEngine(
                "HOST_KEY_UNKNOWN",
                f"中心主机{self._options.host}的主机密钥与known_hosts不符，已拒绝连接",
                f"the host key of {self._options.host} is not the one in known_hosts; the connection was refused",
            ) from None
        except (asyncssh.PermissionDenied, asyncssh.KeyImportError) as problem:
            raise UnableToReachEngine(
                "KEY_REFUSED",
                f"中心拒绝了SSH密钥：{problem}",
                f"the centre refused the SSH key: {problem}",
            ) from None
        except (OSError, asyncssh.Error) as problem:
            raise UnableToReachEngine(
                "CENTRE_UNREACHABLE", f"无法经SSH连接中心：{problem}", f"no SSH connection to the centre: {problem}"
            ) from None

    async def _run(self, command: str, given: bytes) -> Done:
        options = self._options
        async with asyncssh.connect(
            options.host,
            options.port,
            username=options.login or options.user,
            client_keys=[options.key_file],
            known_hosts=options.known_hosts,
            agent_path=None,
            config=None,
            keepalive_interval=5,
        ) as connection:
            process = await connection.create_process(command, encoding=None)
            process.stdin.write(given)
            process.stdin.write_eof()
            output, complaint = await asyncio.gather(
                self._read(process.stdout), process.stderr.read(options.answer_bytes_max)
            )
            await process.wait_closed()
            if process.exit_status is None:  # the line broke: half an answer is none
                raise faults.garbled("SSH")
            return Done(output, read_complaint(complaint), process.exit_status)

    async def _read(self, stream: asyncssh.SSHReader[bytes]) -> bytes:
        parts, size = [], 0
        while part := await stream.read(1 << 16):
            parts.append(part)
            size += len(part)
            if size > self._options.answer_bytes_max:
                raise AnswerTooLarge
        return b"".join(parts)
