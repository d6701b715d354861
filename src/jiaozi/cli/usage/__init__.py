"""``jiaozi usage``: bring usage in from files, show what stands still, and decide on it."""

from __future__ import annotations

import typer

from jiaozi.cli.usage import importing, ruling, sampling

app = typer.Typer(no_args_is_help=True, help="Usage records · 用量记录", pretty_exceptions_enable=False)
app.command("import")(importing.import_file)
app.command("samples")(sampling.samples)
app.command("list")(ruling.list_usage)
app.command("retry")(ruling.retry)
app.command("accept")(ruling.accept)
app.command("waive")(ruling.waive)
app.command("charge-late")(ruling.charge_late)
app.command("resolve")(ruling.resolve)
