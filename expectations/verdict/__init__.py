"""Judging: what is accepted, what is quarantined and why, of all deliveries of a run that share a contract.

The readings are staged side by side in a DuckDB of their own. One SQL pass finds the failing rows; findings, quarantine
and blanked cells follow from those rows only. The Great Expectations suite of the same rules runs once on the same
table, and its counts must agree with the sums of ours.
"""

from __future__ import annotations

from expectations.contracts.verdicts import CheckResult, JudgedBatch, Verdict
from expectations.verdict.batches import judge
from expectations.verdict.records import Case, VerdictDisagreement, VerdictError

__all__ = ["Case", "CheckResult", "JudgedBatch", "Verdict", "VerdictDisagreement", "VerdictError", "judge"]
