-- Assessed units whose older open cases count as open at the end of a span: those that reported the last month anybody reported
-- in it. The cases of a unit that did not are never taken for those of that span: the unit is missing there. A unit that has
-- ended owes no report; what it left open stays open until who took it over says otherwise.
-- vi: Đơn vị mà số vụ việc còn tồn từ trước được tính vào cuối kỳ: đơn vị có báo cáo kỳ đó, hoặc đã kết thúc hoạt động.
-- grain: dataset, period, span, unit_code
with spans as (
  select dataset, period, span, known_until
  from intermediate.dataset_spans
  where dataset in (
    select dataset
    from ref.measures
    where belongs_to = 'day'
      and kind = 'last_stock'
  )
),

reported as (
  select
    loaded.dataset,
    place.rollup_code as unit_code,
    parts.first_day,
    parts.last_day
  from intermediate.reported_parts as loaded
  join marts.unit_rollup as place
    on place.dataset = loaded.dataset
    and place.period = loaded.period
    and place.unit_code = loaded.unit_code
    and place.is_own
  join ref.periods as parts
    on parts.regime = 'CALENDAR'
    and parts.period = loaded.period
)

select spans.dataset, spans.period, spans.span, reported.unit_code
from spans
join reported
  on reported.dataset = spans.dataset
  and spans.known_until between reported.first_day and reported.last_day
union
select spans.dataset, spans.period, spans.span, reported.unit_code
from spans
join reported
  on reported.dataset = spans.dataset
  and reported.last_day <= spans.known_until
left join ref.units as living
  on living.unit_code = reported.unit_code
  and living.valid_from <= spans.known_until
  and spans.known_until < coalesce(living.valid_to, date 'infinity')
where living.unit_code is null
