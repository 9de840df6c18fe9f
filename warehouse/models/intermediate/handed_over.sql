-- Cases a former district left to a commune that reports them under their own code: the same case, whose terms run on, not a new
-- one. Only where one commune of those that draw on the district has the code, and no other district of it had it too.
-- vi: Vụ việc huyện cũ bàn giao cho xã và xã tiếp tục báo cáo theo mã cũ: vẫn là một vụ việc, thời hạn tính tiếp.
-- grain: dataset, case_code, former_code
with cases as (
  select 'petitions' as dataset, petition_code as case_code, unit_code, period, received_on, accepted_on
  from core.petitions_current
  union all
  select 'dossiers', dossier_code, unit_code, period, cast(received_at as date), null
  from core.dossiers_current
  semi join (
    select distinct hash(dossier_code) as code_hash
    from core.dossiers_current as late
    join ref.periods as days
      on days.regime = 'CALENDAR'
      and days.period = late.period
    where days.last_day >= (select min(valid_from) from ref.former_districts)
  ) as late on late.code_hash = hash(dossier_code)
),

placed as (
  select
    cases.dataset,
    cases.case_code,
    place.rollup_code as reporting_code,
    days.last_day,
    cases.received_on,
    cases.accepted_on
  from cases
  join marts.unit_rollup as place
    on place.dataset = cases.dataset
    and place.period = cases.period
    and place.unit_code = cases.unit_code
    and place.is_own
  join ref.periods as days
    on days.regime = 'CALENDAR'
    and days.period = cases.period
),

pairs as (
  select
    former.dataset,
    former.case_code,
    former.reporting_code as former_code,
    min(heir.reporting_code) as heir_code,
    min(former.received_on) as received_on,
    min(former.accepted_on) as accepted_on
  from placed as former
  join ref.former_districts as drawn
    on drawn.district_code = former.reporting_code
    and former.last_day < drawn.valid_from
  join placed as heir
    on heir.dataset = former.dataset
    and heir.case_code = former.case_code
    and heir.reporting_code = drawn.unit_code
    and heir.last_day >= drawn.valid_from
  group by former.dataset, former.case_code, former.reporting_code
  having count(distinct heir.reporting_code) = 1
)

select dataset, case_code, former_code, heir_code, received_on, accepted_on
from pairs
qualify count(*) over (partition by dataset, case_code, heir_code) = 1
