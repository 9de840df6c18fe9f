"""Our own Great Expectations expectations: an SQL predicate over the table, counted.

Imported by `expectations/suites.py` only, because it imports Great Expectations. Both metrics are aggregates, so that
Great Expectations bundles all of a suite's predicates into one query: one pass over the table.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from sqlalchemy import func, literal_column


class FailingRows(TableMetricProvider):
    """Number of rows for which a predicate is true."""

    metric_name = "danvan.failing_rows"
    value_keys = ("predicate",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805 - Great Expectations calls it as a class method
        execution_engine: Any,  # noqa: ARG002
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        predicate = metric_value_kwargs["predicate"]
        return func.count(literal_column(f"case when {predicate} then 1 end")), metric_domain_kwargs, {}


class FailingDeliveries(TableMetricProvider):
    """Number of deliveries over whose rows an aggregate predicate is true; `empty` more deliveries have no rows."""

    metric_name = "danvan.failing_deliveries"
    value_keys = ("predicate", "empty")

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805
        execution_engine: Any,  # noqa: ARG002
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        predicate, empty = metric_value_kwargs["predicate"], int(metric_value_kwargs["empty"])
        filled = f"(select count(*) from (select 1 from staged group by _case having {predicate}))"
        without = f"(select count(*) * {empty} from (select 1 from staged where false having {predicate}))"
        # `count` makes it an aggregate like the others: one value, whatever the number of rows.
        return literal_column(f"{filled} + {without} + 0 * count(*)"), metric_domain_kwargs, {}


class NoRowsWhere(BatchExpectation):
    """Expect no row for which the predicate is true."""

    predicate: str

    metric_dependencies: ClassVar[tuple[str, ...]] = ("danvan.failing_rows",)
    success_keys: ClassVar[tuple[str, ...]] = ("predicate",)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        failing = metrics["danvan.failing_rows"]
        return {"success": failing == 0, "result": {"observed_value": failing}}


class DeliveriesHold(BatchExpectation):
    """Expect the aggregate predicate not to be true over the rows of any delivery."""

    predicate: str
    empty: int = 0

    metric_dependencies: ClassVar[tuple[str, ...]] = ("danvan.failing_deliveries",)
    success_keys: ClassVar[tuple[str, ...]] = ("predicate", "empty")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        failing = metrics["danvan.failing_deliveries"]
        return {"success": failing == 0, "result": {"observed_value": failing}}
