"""The lab's rules: a scenario and its sources in, the figures of every version out. Pure; chance comes from seeds."""

from jiaozi.lab.rules.demand import Demand
from jiaozi.lab.rules.exporting import csv_files, to_json
from jiaozi.lab.rules.filing import UnableToReadApplications, read_applications
from jiaozi.lab.rules.reading import Read, UnableToReadScenario, changed_document, read
from jiaozi.lab.rules.running import Result, Sources, run, try_out
from jiaozi.lab.rules.scenario import Scenario
from jiaozi.lab.rules.tracing import spending
from jiaozi.lab.rules.view import view

__all__ = [
    "Demand",
    "Read",
    "Result",
    "Scenario",
    "Sources",
    "UnableToReadApplications",
    "UnableToReadScenario",
    "changed_document",
    "csv_files",
    "read",
    "read_applications",
    "run",
    "spending",
    "to_json",
    "try_out",
    "view",
]
