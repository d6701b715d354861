"""The one refusal of this package: the embedded server can't be started or stopped, in a line that says what to do."""

from __future__ import annotations

from jiaozi.kernel.refusal import Refused


class UnableToStartDatabase(Refused):
    """The embedded PostgreSQL can't serve; the line names the folder or file and what would be right."""


def disk_full(where: object) -> UnableToStartDatabase:
    """Say that the disk has no room."""
    return UnableToStartDatabase(
        "database_disk_full",
        f"{where} 所在磁盘空间不足：请腾出至少 200 MB 后重试",
        f"the disk that holds {where} is full: free at least 200 MB there and start again",
        field="JIAOZI_VAR",
    )


def foreign(data: object, zh: str, en: str) -> UnableToStartDatabase:
    """Say that the data folder is not ours to use."""
    return UnableToStartDatabase(
        "database_folder_foreign",
        f"数据目录 {data} {zh}；请移走该目录，或将 JIAOZI_VAR 设为其他目录",
        f"the data folder {data} {en}; move it away or set JIAOZI_VAR to another folder",
        field="JIAOZI_VAR",
    )


def socket_taken(socket: object) -> UnableToStartDatabase:
    """Say that somebody else answers on, or holds, our socket."""
    return UnableToStartDatabase(
        "database_socket_taken",
        f"套接字目录 {socket} 已被另一个数据库服务占用：请停止该服务，或将 JIAOZI_VAR 设为其他目录",
        f"the socket folder {socket} is taken by another database server: stop that server, "
        "or set JIAOZI_VAR to another folder",
        field="JIAOZI_VAR",
    )


def no_programs() -> UnableToStartDatabase:
    """Say that this platform has no embedded server."""
    return UnableToStartDatabase(
        "database_programs_missing",
        "本平台没有可用的内置 PostgreSQL：请将 DATABASE_URL 设为 PostgreSQL 15 或更高版本的地址",
        "there is no embedded PostgreSQL for this platform: set DATABASE_URL to a server of version 15 or newer",
        field="DATABASE_URL",
    )


def unusable(path: object, why: str) -> UnableToStartDatabase:
    """Pass on why a folder or file can't be used."""
    return UnableToStartDatabase(
        "database_folder_unusable",
        f"无法使用 {path}（{why}）：请检查权限，或将 JIAOZI_VAR 设为其他目录",
        f"can't use {path} ({why}): check its permissions or set JIAOZI_VAR to another folder",
        field="JIAOZI_VAR",
    )


def failed(log: object, last_line: str) -> UnableToStartDatabase:
    """Pass on the server's own last word."""
    return UnableToStartDatabase(
        "database_start_failed",
        f"内置 PostgreSQL 未能启动：{last_line}（日志：{log}）",
        f"the embedded PostgreSQL did not start: {last_line} (log: {log})",
    )
