"""The demo's sample files: applicants and jobs as YAML, job inputs beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from jiaozi.kernel.refusal import Refused


class UnableToReadSamples(Refused):
    """The demo's files are not where it looks, or not as it needs them."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What the demo plays with; rows as the YAML files say.

    ``applicants`` are this year's, ``waiting`` those whose dossiers stand somewhere on their way today.
    ``question`` is a scenario for the lab.
    ``cut`` is the centre whose line breaks where real clusters run the jobs, ``jobs_at_cut`` what is ordered meanwhile.
    """

    programme_text: str
    applicants: list[dict[str, Any]]
    last_year: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    awards: list[dict[str, Any]]
    jobs: list[dict[str, Any]]
    cut: str
    jobs_at_cut: list[dict[str, Any]]
    question: str = ""
    files: dict[str, str] = field(default_factory=dict)


def read(root: Path) -> Samples:
    """Read the sample files below the project's folder.

    Raises
    ------
    UnableToReadSamples
        Naming the file that is not there.
    """
    try:
        yaml = YAML(typ="safe")
        cut = yaml.load(root / "samples" / "slurm.yaml")
        asked = yaml.load(root / "samples" / "applicants.yaml")
        return Samples(
            programme_text=(root / "programmes" / "chengdu-2023.yaml").read_text(encoding="utf-8"),
            applicants=asked["applicants"],
            last_year=asked["last_year"],
            waiting=asked["waiting"],
            awards=asked["awards"],
            jobs=yaml.load(root / "samples" / "jobs.yaml")["jobs"],
            cut=cut["cut"],
            jobs_at_cut=cut["jobs"],
            question=(root / "samples" / "question.yaml").read_text(encoding="utf-8"),
            files={path.name: path.read_text(encoding="utf-8") for path in (root / "samples" / "jobs").iterdir()},
        )
    except OSError as error:
        raise UnableToReadSamples(
            "SAMPLES_MISSING",
            f"找不到{error.filename}；请在项目根目录运行，或用--root指明",
            f"{error.filename} is not there; run in the project's folder or name it with --root",
            field="root",
        ) from error
