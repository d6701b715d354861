"""The names that every act uses; they may be imported before Django is set up."""

from __future__ import annotations

PROGRAMME = "chengdu-2023"
CENTRES = ("nscc-chengdu", "chengdu-aicc")
