"""One page that charts a release: `danvan open` prints how to start it.

It reads the current release of the home in DANVAN_HOME (else demo-home), read-only. marimo is not among the packages of
the project (`pip install marimo`); the questions and charts are in `examples/charts.py` and do without it.
"""

import marimo

__generated_with = "0.25.2"

app = marimo.App(width="medium", app_title="danvan: một bản phát hành · a release")


@app.cell
def _():
    import sys
    from pathlib import Path

    import marimo as mo

    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import charts

    return charts, mo


@app.cell
def _(charts, mo):
    file = charts.release_file()
    periods = charts.asked(file, charts.PERIODS)
    indicators = charts.asked(file, charts.INDICATORS)
    period = mo.ui.dropdown(
        {row["period_vi"]: row["period"] for row in periods.to_dicts()},
        value=next(
            (row["period_vi"] for row in periods.to_dicts() if row["period"] == "2024-Q2"), periods["period_vi"][0]
        ),
        label="Kỳ · period",
    )
    indicator = mo.ui.dropdown(
        {row["indicator_vi"]: row["indicator_code"] for row in indicators.to_dicts()},
        value=indicators["indicator_vi"][0],
        label="Chỉ tiêu · indicator",
    )
    mo.vstack([mo.md(f"# Một bản phát hành · a release\n\n`{file.resolve().parent.name}`"), period, indicator])
    return file, indicator, period


@app.cell
def _(charts, file, mo, period):
    goals = charts.asked(file, charts.GOALS, period=period.value)
    mo.ui.altair_chart(charts.goals_chart(goals))
    return


@app.cell
def _(charts, file, indicator, mo, period):
    units = charts.asked(file, charts.UNITS, indicator=indicator.value, period=period.value)
    mo.ui.altair_chart(charts.units_chart(units, indicator.selected_key))
    return


@app.cell
def _(charts, file, indicator, mo, period):
    history = charts.asked(file, charts.HISTORY, indicator=indicator.value, period=period.value)
    mo.ui.altair_chart(charts.history_chart(history, indicator.selected_key))
    return


@app.cell
def _(charts, file, mo, period):
    problems = charts.asked(file, charts.PROBLEMS, period=period.value)
    mo.vstack([mo.md("## Việc cần xử lý · what needs attention"), mo.ui.table(problems, selection=None)])
    return


if __name__ == "__main__":
    app.run()
