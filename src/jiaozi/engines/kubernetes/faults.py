"""What Kubernetes's complaints mean: one clear reason each, and whether asking again can help."""

from __future__ import annotations

from jiaozi.order.ports import UnableToReachEngine, UnableToSubmit

NAMESPACE_UNKNOWN = "NAMESPACE_UNKNOWN"
_SHOWN_MAX = 300
_REFUSED = {400, 409, 413, 422}
_NOT_LET_IN = 401
_FORBIDDEN = 403
_MISSING = 404


def refusal(code: int, said: str) -> UnableToSubmit | UnableToReachEngine:
    """Give the refusal that the answer to a submission means."""
    if code == _FORBIDDEN and "exceeded quota" in said:
        return UnableToSubmit(
            "QUOTA_EXCEEDED",
            f"超出该券在集群的配额：{said[:_SHOWN_MAX]}",
            f"above what this voucher may have at once in the cluster: {said[:_SHOWN_MAX]}",
        )
    if code == _MISSING:
        return UnableToSubmit(
            NAMESPACE_UNKNOWN,
            "集群没有该命名空间；请核对namespace设置",
            "the cluster has no such namespace; check the option namespace",
            field="resource_class",
        )
    if code in _REFUSED:
        said = said[:_SHOWN_MAX]
        return UnableToSubmit(
            "KUBERNETES_REFUSED",
            f"中心的Kubernetes拒绝了该作业：{said}",
            f"the centre's Kubernetes refused the job: {said}",
        )
    return unreachable(code, said)


def unreachable(code: int, said: str) -> UnableToReachEngine:
    """Give the refusal that the answer to a question means: without a good answer nothing is known, so ask again."""
    if code == _NOT_LET_IN:
        return UnableToReachEngine(
            "KEY_REFUSED",
            "中心的Kubernetes不接受本平台的凭证；请核对kubeconfig",
            "the centre's Kubernetes does not accept the platform's credentials; check the kubeconfig",
        )
    if code == _FORBIDDEN:
        return UnableToReachEngine(
            "RIGHTS_MISSING",
            f"平台账户缺少权限：{said[:_SHOWN_MAX]}",
            f"the platform's account lacks a right: {said[:_SHOWN_MAX]}",
        )
    return UnableToReachEngine(
        "KUBERNETES_NO_ANSWER",
        f"中心的Kubernetes没有答复（{code}）：{said[:_SHOWN_MAX]}",
        f"Kubernetes gave no answer ({code}): {said[:_SHOWN_MAX]}",
    )


def disconnected(problem: Exception) -> UnableToReachEngine:
    """There is no way to the cluster."""
    return UnableToReachEngine(
        "CENTRE_UNREACHABLE",
        f"无法连接中心的Kubernetes：{problem}",
        f"no connection to the centre's Kubernetes: {problem}",
    )


def unreadable(problem: Exception) -> UnableToReachEngine:
    """The way to the cluster is not written as it should be."""
    return UnableToReachEngine(
        "KUBECONFIG_UNREADABLE", f"读不到kubeconfig：{problem}", f"the kubeconfig can't be read: {problem}"
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


def garbled(what: object) -> UnableToReachEngine:
    """An answer that can't be read, or only half of one."""
    said = str(what)[:80]
    return UnableToReachEngine(
        "ANSWER_GARBLED",
        f"中心的答复不完整或无法读取：{said}",
        f"the centre's answer is cut short or can't be read: {said}",
    )
