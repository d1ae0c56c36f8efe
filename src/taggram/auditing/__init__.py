"""Audits of data sets: tag balance, leakage between splits and data sets, duplicates.

`run` audits a copy of a data set, `text_report` and `html_report` present the result. Labels, names and audio that are
missing limit the audit to what is available.
"""

from taggram.auditing.audit import Audit, ClipRef, Duplicates, NearDuplicate
from taggram.auditing.balance import Balance
from taggram.auditing.html_report import html_report
from taggram.auditing.overlap import Overlap
from taggram.auditing.run import Source, run
from taggram.auditing.text_report import text_report

__all__ = [
    "Audit",
    "Balance",
    "ClipRef",
    "Duplicates",
    "NearDuplicate",
    "Overlap",
    "Source",
    "html_report",
    "run",
    "text_report",
]
