"""What signing in says: fields, errors, lines after something was done, letters. All in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jiaozi.kernel.label import Label

FIELDS = {
    "name": Label("姓名", "Name"),
    "login": Label("邮箱", "E-mail address"),
    "email": Label("邮箱", "E-mail address"),
    "password": Label("密码", "Password"),
    "remember": Label("在此设备上保持登录", "Stay signed in on this device"),
    "password1": Label("新密码", "New password"),
    "password2": Label("再次输入新密码", "New password again"),
    "oldpassword": Label("当前密码", "Current password"),
    "code": Label("验证码", "Code"),
    "passwordless": Label("可不用密码登录（通行密钥）", "May sign in without a password (passkey)"),
}

ERRORS = {
    "account_inactive": Label("该账户已关闭。", "This account is closed."),
    "cannot_remove_primary_email": Label("不能删除登录用的主邮箱。", "The primary address can't be removed."),
    "duplicate_email": Label("该邮箱已在此账户中。", "This account has the address already."),
    "email_password_mismatch": Label("邮箱或密码不正确。", "The address or the password is wrong."),
    "email_taken": Label("该邮箱已有人使用。", "Somebody uses this address already."),
    "enter_current_password": Label("请输入当前密码。", "Enter your current password."),
    "incorrect_code": Label("验证码不正确或已过期。", "The code is wrong or has expired."),
    "incorrect_password": Label("密码不正确。", "The password is wrong."),
    "invalid_or_expired_key": Label("链接无效或已过期。", "The link is wrong or has expired."),
    "invalid_login": Label("无法登录，请重新开始。", "This didn't work; begin again."),
    "invalid_password_reset": Label("找回密码的请求已失效，请重新开始。", "This request has lapsed; begin again."),
    "max_email_addresses": Label("最多%d个邮箱。", "At most %d addresses."),
    "too_many_login_attempts": Label(
        "连续输错次数过多，请十分钟后再试，或找回密码。",
        "Too many wrong attempts: try again in ten minutes, or ask for a new password.",
    ),
    "unknown_email": Label("没有账户使用该邮箱。", "No account has this address."),
    "unverified_primary_email": Label("请先验证主邮箱。", "Verify the primary address first."),
    "select_only_one": Label("请只选一项。", "Choose one."),
    "same_as_current": Label("新值须与当前值不同。", "It must differ from the present one."),
    "rate_limited": Label("操作过于频繁，请稍后再试。", "Too many requests; try again shortly."),
    "add_email_blocked": Label("开启两步验证后不能添加邮箱。", "With two-step verification no address can be added."),
    "cannot_delete_authenticator": Label("不能关闭两步验证。", "Two-step verification can't be ended."),
    "cannot_generate_recovery_codes": Label("请先开启两步验证。", "Turn on two-step verification first."),
    "unverified_email": Label("请先验证邮箱。", "Verify your address first."),
}
"""Error codes of the sign-in library; those that are not here can't come up, or are shown in its own words."""

MESSAGES = {
    "account/messages/password_changed.txt": Label("密码已修改。", "The password was changed."),
    "account/messages/password_set.txt": Label("密码已设置。", "The password was set."),
    "account/messages/email_confirmed.txt": Label("邮箱已验证。", "The address was verified."),
    "account/messages/email_confirmation_sent.txt": Label("验证码已发送。", "A code was sent."),
    "account/messages/email_deleted.txt": Label("邮箱已删除。", "The address was removed."),
    "account/messages/primary_email_set.txt": Label("主邮箱已更改。", "The primary address was changed."),
    "account/messages/cannot_delete_primary_email.txt": ERRORS["cannot_remove_primary_email"],
    "account/messages/unverified_primary_email.txt": ERRORS["unverified_primary_email"],
    "account/messages/logged_out.txt": Label("您已退出登录。", "You are signed out."),
    "mfa/messages/totp_activated.txt": Label("验证器已启用。", "The authenticator app is on."),
    "mfa/messages/totp_deactivated.txt": Label("验证器已停用。", "The authenticator app is off."),
    "mfa/messages/webauthn_added.txt": Label("密钥已添加。", "The key was added."),
    "mfa/messages/webauthn_removed.txt": Label("密钥已移除。", "The key was removed."),
    "mfa/messages/recovery_codes_generated.txt": Label("已生成新的恢复码。", "New recovery codes were made."),
    "socialaccount/messages/account_connected.txt": Label("已关联。", "It was linked."),
    "socialaccount/messages/account_disconnected.txt": Label("已取消关联。", "The link was ended."),
    "usersessions/messages/sessions_logged_out.txt": Label("其他设备已退出登录。", "Other devices were signed out."),
}


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter; ``{code}`` stands where its code is."""

    subject: Label
    text: Label

    def body(self, context: Mapping[str, Any]) -> str:
        """Write it out, Chinese first."""
        code = context.get("code", "")
        ends = Label("如非您本人操作，请立即修改密码。", "If this was not you, change your password at once.")
        lines = [self.text.zh.format(code=code), ends.zh, "", self.text.en.format(code=code), ends.en]
        return "\n".join(lines) + "\n"


_CODE = Mail(
    Label("交子：邮箱验证码", "Jiaozi: your code"),
    Label("您的邮箱验证码是：{code}，请尽快输入。", "Your code is {code}; enter it soon."),
)


def _done(zh: str, en: str) -> Mail:
    return Mail(
        Label(f"交子：{zh}", f"Jiaozi: {en}"), Label(f"您的账户有变动：{zh}。", f"Your account has changed: {en}.")
    )


MAILS = {
    "account/email/email_confirmation": _CODE,
    "account/email/email_confirmation_signup": _CODE,
    "account/email/password_reset_code": Mail(
        Label("交子：找回密码", "Jiaozi: a new password"),
        Label("找回密码的验证码是：{code}，请尽快输入。", "Your code for a new password is {code}; enter it soon."),
    ),
    "account/email/account_already_exists": Mail(
        Label("交子：您已有账户", "Jiaozi: you have an account"),
        Label(
            "有人用此邮箱注册，但您已有账户：请直接登录或找回密码。",
            "Somebody signed up with this address, which has an account: sign in, or ask for a new password.",
        ),
    ),
    "account/email/unknown_account": Mail(
        Label("交子：没有账户", "Jiaozi: no account"),
        Label(
            "有人为此邮箱找回密码，但没有账户使用它。",
            "Somebody asked for a new password, but no account has this address.",
        ),
    ),
    "account/email/password_changed": _done("密码已修改", "the password was changed"),
    "account/email/password_reset": _done("密码已重新设置", "a new password was set"),
    "account/email/password_set": _done("密码已设置", "a password was set"),
    "account/email/email_changed": _done("登录邮箱已更改", "the address was changed"),
    "account/email/email_confirm": _done("邮箱已验证", "an address was verified"),
    "account/email/email_deleted": _done("邮箱已删除", "an address was removed"),
    "mfa/email/totp_activated": _done("验证器已启用", "an authenticator app was turned on"),
    "mfa/email/totp_deactivated": _done("验证器已停用", "the authenticator app was turned off"),
    "mfa/email/webauthn_added": _done("已添加密钥", "a key was added"),
    "mfa/email/webauthn_removed": _done("已移除密钥", "a key was removed"),
    "mfa/email/recovery_codes_generated": _done("已生成新的恢复码", "new recovery codes were made"),
}
PROVIDER_MAIL = _done("第三方登录已变更", "sign-in by a provider was linked or ended")
