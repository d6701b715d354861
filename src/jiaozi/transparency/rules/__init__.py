"""The open ledger's rules: what is sealed and shown, what it counts for, and how anybody proves it from a download."""

from jiaozi.transparency.rules.form import Form, Part, Withheld, end_line, head_lines, row_line
from jiaozi.transparency.rules.measuring import By, Counted, Measure, counted
from jiaozi.transparency.rules.sealing import (
    COLUMNS,
    GENESIS,
    ORIGIN,
    SEALED,
    Checkpoint,
    Source,
    fingerprint,
    is_open,
    leaf,
    link,
    moment,
    sign,
)
from jiaozi.transparency.rules.verifying import Fault, Proof, UnableToVerify, prove

__all__ = [
    "COLUMNS",
    "GENESIS",
    "ORIGIN",
    "SEALED",
    "By",
    "Checkpoint",
    "Counted",
    "Fault",
    "Form",
    "Measure",
    "Part",
    "Proof",
    "Source",
    "UnableToVerify",
    "Withheld",
    "counted",
    "end_line",
    "fingerprint",
    "head_lines",
    "is_open",
    "leaf",
    "link",
    "moment",
    "prove",
    "row_line",
    "sign",
]
