-- First and last day of a period for a dataset, under the dataset's reporting regime (15th to 14th, or calendar).
-- Where the regime had no circular in force for a period, the calendar window stands in and is_fallback says so.
-- vi: Ngày đầu, ngày cuối kỳ của từng tập dữ liệu theo chế độ báo cáo của nó; chưa có chế độ thì dùng kỳ lịch.
-- grain: dataset, period
select
  datasets.dataset,
  calendar.period,
  coalesce(own.regime, calendar.regime) as regime,
  coalesce(own.first_day, calendar.first_day) as period_from,
  coalesce(own.last_day, calendar.last_day) as period_to,
  own.regime is null as is_fallback
from marts.datasets as datasets
join ref.periods as calendar on calendar.regime = 'CALENDAR'
left join ref.periods as own
  on own.regime = datasets.regime
  and own.period = calendar.period
where calendar.period in (select part from intermediate.period_parts)
