"""A statement on its way out of the house: as a table, a workbook, FOCUS rows, or the paper that is signed. Pure."""

from jiaozi.settlement.rules.export.document import Document, Line, Party, Totals, group
from jiaozi.settlement.rules.export.focus import statement_focus
from jiaozi.settlement.rules.export.paper import UnableToPrint, check_font, paper
from jiaozi.settlement.rules.export.table import statement_csv
from jiaozi.settlement.rules.export.workbook import statement_workbook

__all__ = [
    "Document",
    "Line",
    "Party",
    "Totals",
    "UnableToPrint",
    "check_font",
    "group",
    "paper",
    "statement_csv",
    "statement_focus",
    "statement_workbook",
]
