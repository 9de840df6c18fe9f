-- Open petitions on the last day of the period by kind and by age past the legal term. Bands in days past due: not_due,
-- 0-30, 31-60, 61-90, 91-180, 181-365, over_365; no_term where no rule was in force when the term would have started. age_order
-- puts them in this order.
-- Older cases of a unit that did not report the period are not counted. What a commune that went over whole left open is its
-- successor's since that day, as in the sums of measures.
-- vi: Đơn chưa giải quyết tại ngày cuối kỳ theo loại và số ngày quá thời hạn luật định.
-- grain: unit_code, period, kind_code, age_band
with cuts as (
  select
    spans.period,
    spans.seen_on,
    spans.known_until,
    spans.last_day,
    -- the last day of that quarter under the reporting regime
    coalesce(windows.period_to, spans.seen_on) as as_of
  from intermediate.dataset_spans as spans
  left join ref.periods as quarter
    on quarter.regime = 'CALENDAR'
    and quarter.kind = 'quarter'
    and quarter.last_day = spans.seen_on
  left join intermediate.dataset_periods as windows
    on windows.dataset = 'petitions'
    and windows.period = quarter.period
  where spans.dataset = 'petitions'
    and spans.span = 'period'
),

standing as (
  select
    cuts.period,
    cuts.as_of,
    if(passed.passes_on <= cuts.seen_on, passed.successor_code, petition.reporting_code) as reporting_code,
    petition.kind_code,
    petition.long_running_from <= cuts.seen_on as is_long_running,
    case
      when petition.kind_code <> 'feedback' and petition.accepted_on <= cuts.as_of then petition.resolution_due_on
      else petition.intake_due_on
    end as due_on
  from cuts
  join measures.petitions as petition
    on petition.open_from <= cuts.seen_on
    and cuts.seen_on < petition.open_until
  join ref.periods as said
    on said.regime = 'CALENDAR'
    and said.period = petition.part
  left join intermediate.unit_successors as passed
    on passed.period = petition.part
    and passed.unit_code = petition.unit_code
  left join intermediate.stock_units as told
    on told.dataset = 'petitions'
    and told.period = cuts.period
    and told.span = 'period'
    and told.unit_code = if(passed.passes_on <= cuts.seen_on, passed.successor_code, petition.reporting_code)
  left join intermediate.joined_units as joined on joined.unit_code = petition.reporting_code
  where (told.unit_code is not null or cuts.known_until <= said.last_day)
    and (joined.joins_on is null or joined.joins_on <= cuts.last_day)
),

banded as (
  select
    *,
    due_on < as_of as is_overdue,
    case
      when due_on is null then 'no_term'
      when due_on >= as_of then 'not_due'
      when as_of - due_on <= 30 then '0-30'
      when as_of - due_on <= 60 then '31-60'
      when as_of - due_on <= 90 then '61-90'
      when as_of - due_on <= 180 then '91-180'
      when as_of - due_on <= 365 then '181-365'
      else 'over_365'
    end as age_band
  from standing
)

select
  case when level.is_province then setting('province_code') else banded.reporting_code end as unit_code,
  banded.period,
  banded.kind_code,
  banded.age_band,
  list_position(
    ['not_due', '0-30', '31-60', '61-90', '91-180', '181-365', 'over_365', 'no_term'], banded.age_band
  ) as age_order,
  count(*) as open_count,
  count(*) filter (where banded.is_overdue) as overdue_count,
  count(*) filter (where banded.is_long_running) as long_running_count
from banded
cross join (values (false), (true)) as level (is_province)
where level.is_province
  or banded.reporting_code <> setting('province_code')
group by 1, banded.period, banded.kind_code, banded.age_band
