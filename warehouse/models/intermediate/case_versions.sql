-- Cases that stand in more than one row (a dossier or petition that comes again, an activity reported again): from when until
-- when (exclusive) each row is the last one known. A key counts once although two feeds hold it, where the units are on one
-- line (a district and the province, a former district and the commune its case was handed over to): for one quarter the delivery that speaks for the later moment wins, then the feed
-- later by name. Rows of one delivery with one key are cases of their own. Rows that stand alone are not listed.
-- vi: Vụ việc có nhiều dòng: mỗi dòng là dòng mới nhất từ ngày nào đến trước ngày nào; một mã ở hai nguồn chỉ tính một lần.
-- grain: dataset, _delivery_id, _sheet, _row, case_code
with dossier_codes as (
  select hash(dossier_code) as code_hash
  from core.dossiers_current
  group by code_hash
  having count(*) > 1
),

again as (
  select
    'dossiers' as dataset,
    dossier.dossier_code as case_code,
    dossier.unit_code,
    dossier.period,
    dossier._delivery_id,
    dossier._sheet,
    dossier._row,
    false as is_own_key
  from core.dossiers_current as dossier
  semi join dossier_codes on dossier_codes.code_hash = hash(dossier.dossier_code)
  -- what was never taken in says nothing of a case
  semi join ref.status_groups as counted
    on counted.report = 'II.06a'
    and counted.status_code = dossier.status_code
    and counted.group_code <> 'not_counted'
  union all
  select 'petitions', petition_code, unit_code, period, _delivery_id, _sheet, _row, false
  from core.petitions_current
  qualify count(*) over (partition by petition_code) > 1
  union all
  select 'activities', activity_code, unit_code, period, _delivery_id, _sheet, _row, true
  from core.activities_current
  qualify count(*) over (partition by unit_code, activity_code) > 1
),

placed as (
  select
    again.*,
    place.rollup_code as reporting_code,
    place.founded_on,
    days.last_day,
    bool_or(place.rollup_code = setting('province_code')) over (partition by again.dataset, again.case_code) as is_of_province,
    delivery.effective_at,
    delivery.feed,
    row_number() over (
      partition by again.dataset, again.case_code, again.unit_code, again.period, again._delivery_id
      order by again._sheet, again._row
    ) as occurrence
  from again
  join marts.unit_rollup as place
    on place.dataset = again.dataset
    and place.period = again.period
    and place.unit_code = again.unit_code
    and place.is_own
  join ref.periods as days
    on days.regime = 'CALENDAR'
    and days.period = again.period
  left join intermediate.delivery_feeds as delivery on delivery.delivery_id = again._delivery_id
),

cases as (
  select
    placed.*,
    case
      -- the code of an activity is the unit's own
      when is_own_key then concat_ws(' ', placed.unit_code, placed.founded_on)
      when is_of_province then ''
      else coalesce(handed.heir_code, placed.reporting_code)
    end as line,
    case when placed.is_own_key then 1 else placed.occurrence end as case_no,
    case
      when is_own_key then last_day
      else cast(date_trunc('quarter', last_day) + interval 3 month - interval 1 day as date)
    end as known_on
  from placed
  left join intermediate.handed_over as handed
    on handed.dataset = placed.dataset
    and handed.case_code = placed.case_code
    and handed.former_code = placed.reporting_code
),

ordered as (
  select
    *,
    row_number() over same_case as version_no,
    lead(known_on) over same_case as next_known_on
  from cases
  window same_case as (
    partition by dataset, case_code, line, case_no
    order by last_day, effective_at nulls first, feed nulls first, _delivery_id, _row
  )
)

select
  dataset,
  case_code,
  _delivery_id,
  _sheet,
  _row,
  case when version_no = 1 then date '0001-01-01' else known_on end as seen_from,
  coalesce(next_known_on, date '9999-12-31') as seen_until
from ordered
