-- Which periods of loaded rows make up an assessed period, and which make up its year up to then.
-- vi: Các kỳ của dữ liệu tạo nên một kỳ đánh giá (period) và lũy kế từ đầu năm (year_to_date).
-- grain: period, span, part
with parts as (
  select period as part, first_day, last_day
  from ref.periods
  where regime = 'CALENDAR'
    and (
      period in (select period from marts.periods)
      or period in (select period from intermediate.reported_parts)
    )
)

select
  periods.period,
  spans.span,
  parts.part
from marts.periods as periods
cross join (values ('period'), ('year_to_date')) as spans (span)
join parts
  on parts.last_day <= periods.last_day
  and parts.first_day >= case
    when spans.span = 'period' then periods.first_day
    else least(periods.first_day, make_date(periods.period_year, 1, 1))
  end
