-- The spans over which a dataset is summed: an assessed period, and its year up to then. seen_on is the day as of which the
-- rows are seen: the last one, or while the period is running the end of the last quarter in it that was reported.
-- known_until is the last day of it that anybody reported: open cases of a unit that did not report so far are not counted.
-- vi: Khoảng thời gian được cộng của từng tập dữ liệu: kỳ đánh giá và lũy kế từ đầu năm; seen_on là ngày chốt số.
-- grain: dataset, period, span
with spans as (
  select
    datasets.dataset,
    periods.period,
    spans.span,
    case
      when spans.span = 'period' then periods.first_day
      else least(periods.first_day, make_date(periods.period_year, 1, 1))
    end as first_day,
    periods.last_day
  from marts.datasets as datasets
  cross join marts.periods as periods
  cross join (values ('period'), ('year_to_date')) as spans (span)
),

parts as (
  select distinct loaded.dataset, part.first_day, part.last_day
  from intermediate.reported_parts as loaded
  join ref.periods as part
    on part.regime = 'CALENDAR'
    and part.period = loaded.period
),

known as (
  select
    spans.dataset,
    spans.period,
    spans.span,
    spans.first_day,
    spans.last_day,
    max(parts.last_day) as reported_until
  from spans
  left join parts
    on parts.dataset = spans.dataset
    and parts.first_day >= spans.first_day
    and parts.last_day <= spans.last_day
  group by all
)

select
  dataset,
  period,
  span,
  first_day,
  last_day,
  case
    when reported_until is null then last_day
    else least(last_day, cast(date_trunc('quarter', reported_until) + interval 3 month - interval 1 day as date))
  end as seen_on,
  coalesce(reported_until, last_day) as known_until
from known
