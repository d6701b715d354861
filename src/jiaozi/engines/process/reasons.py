"""Why a job ended as it did, in words."""

from __future__ import annotations

from typing import Any

from jiaozi.kernel.label import Label

_LABELS = {
    "time_limit": Label("达到运行时限，已停止", "stopped at its time limit"),
    "cpu_limit": Label("用完处理器时间，已停止", "stopped because its processor time was used up"),
    "memory_limit": Label("内存超出限额，已停止", "stopped because it needed more memory than ordered"),
    "disk_limit": Label("文件超出限额，已停止", "stopped because its files grew past the limit"),
    "cancelled": Label("已取消", "cancelled"),
    "machine_stopped": Label("所在机器关机，作业中断", "the machine was shut down"),
    "supervisor_vanished": Label(
        "监管进程消失，用量只计到最后一次心跳", "its supervisor vanished; usage counts up to the last heartbeat"
    ),
    "never_began": Label("未能启动，没有用量", "it never began; nothing was used"),
    "guard_vanished": Label("守护进程消失，结果未知", "its guard vanished; how the command ended is unknown"),
    "cannot_isolate": Label("本机无法隔离作业", "this machine could not isolate the job"),
    "cannot_run": Label("无法运行该程序", "the program could not be run"),
}
_SIGNALLED = 128


def label(result: dict[str, Any]) -> Label | None:
    """Give the reason of a result; None for success."""
    reason, code = result["reason"], result["exit_code"]
    if not reason:
        return None
    if reason == "exit_code":
        return Label(f"程序以退出码{code}结束", f"the program ended with exit code {code}")
    if reason == "signal":
        return Label(f"程序被信号{code - _SIGNALLED}终止", f"the program was ended by signal {code - _SIGNALLED}")
    known = _LABELS[reason]
    detail = result.get("detail")
    return Label(f"{known.zh}：{detail}", f"{known.en}: {detail}") if detail else known
