-- The three completenesses of what a unit sent of a dataset, over a period and over its year up to then. Units: a unit reports
-- when every month it owes is covered by a delivery that stands; it owes the months in which it is valid. Rows: those counted
-- against those the standing deliveries held (the rest is in quarantine). Nil: units that said that nothing occurred.
-- Where the units change within the span (01/07/2025), the province is judged by parts: in scope and reporting are the units of the
-- part that is covered worst, missing_units those of every part.
-- with_bodies: whether the province's bodies that report are in scope too; only datasets that an indicator counts them in have both.
-- A district of a province that went over to this one is in scope where a feed of it, or of its province, owes the month, and counts
-- for the province in spans that end after that day only (intermediate.joined_units).
-- A body that ended is reported by the one it was merged into, where that one reports the period in which it ended.
-- months_known counts the months for which the gate of units is passed; missing_months says how many each unit lacks.
-- vi: Ba mức đầy đủ của số liệu: đơn vị (mỗi phần của kỳ tính theo đơn vị còn hiệu lực khi đó), dòng, và khai không phát sinh.
-- grain: dataset, period, span, unit_code, with_bodies
with province as (
  select unit_code, valid_from, valid_to, false as is_body
  from ref.units
  where parent_code = setting('province_code')
    and level <> 'body'
  union all
  -- a body owes on the days on which it exists and is listed
  select
    bodies.unit_code,
    greatest(bodies.valid_from, listed.valid_from) as valid_from,
    least(bodies.valid_to, listed.valid_to) as valid_to,
    true
  from ref.units as bodies
  join ref.reporting_bodies as listed
    on listed.unit_code = bodies.unit_code
    and listed.valid_from < coalesce(bodies.valid_to, date 'infinity')
    and bodies.valid_from < coalesce(listed.valid_to, date 'infinity')
  where starts_with(bodies.unit_code, setting('province_code') || '-')
),

circles as (
  select dataset, false as with_bodies
  from marts.datasets
  union
  select coalesce(definitions.own_dataset, catalogue.computed_from), true
  from marts.definitions as definitions
  join ref.indicators as catalogue on catalogue.indicator_code = definitions.indicator_code
  where definitions.counts_bodies
),

months as (
  select
    spans.dataset,
    circles.with_bodies,
    spans.period,
    spans.span,
    spans.first_day,
    spans.last_day,
    cast(unnest(generate_series(spans.first_day, spans.last_day, interval 1 month)) as date) as month_start
  from intermediate.dataset_spans as spans
  join circles on circles.dataset = spans.dataset
),

reported_months as (
  select distinct
    loaded.dataset,
    placement.rollup_code as unit_code,
    cast(unnest(generate_series(parts.first_day, parts.last_day, interval 1 month)) as date) as month_start
  from intermediate.reported_parts as loaded
  join marts.unit_rollup as placement
    on placement.dataset = loaded.dataset
    and placement.period = loaded.period
    and placement.unit_code = loaded.unit_code
  join ref.periods as parts
    on parts.period = loaded.period
    and parts.regime = 'CALENDAR'
  where placement.rollup_code <> setting('province_code')
  union
  select
    loaded.dataset,
    gone.old_code,
    cast(unnest(generate_series(parts.first_day, gone.valid_from - 1, interval 1 month)) as date)
  from intermediate.reported_parts as loaded
  join ref.periods as parts
    on parts.period = loaded.period
    and parts.regime = 'CALENDAR'
  join ref.unit_changes as gone
    on gone.new_code = loaded.unit_code
    and gone.change = 'merged_into'
    and is_body(gone.old_code)
    and parts.first_day < gone.valid_from
    and gone.valid_from <= parts.last_day
),

-- months that feeds owe of districts whose province went over to this one; a feed of that province owes for all of them
joined_months as (
  select distinct
    duty.dataset,
    district.unit_code,
    district.joins_on,
    cast(unnest(generate_series(parts.first_day, parts.last_day, interval 1 month)) as date) as month_start
  from ops.obligations as duty
  join marts.unit_rollup as placement
    on placement.dataset = duty.dataset
    and placement.period = duty.period
    and placement.unit_code = duty.unit_code
    and placement.joins_on is not null
  join intermediate.joined_units as sender on sender.unit_code = placement.rollup_code
  join intermediate.joined_units as district
    on district.former_province_code = sender.former_province_code
    and district.unit_code <> district.former_province_code
    and (
      sender.unit_code = sender.former_province_code
      or district.unit_code = sender.unit_code
    )
  join ref.periods as parts
    on parts.period = duty.period
    and parts.regime = 'CALENDAR'
),

owing as (
  select
    months.dataset,
    months.with_bodies,
    months.period,
    months.span,
    months.month_start,
    units.unit_code,
    true as is_counted
  from months
  join province as units
    on units.valid_from <= last_day(months.month_start)
    and last_day(months.month_start) < coalesce(units.valid_to, date 'infinity')
    and (months.with_bodies or not units.is_body)
  union all
  select
    months.dataset,
    months.with_bodies,
    months.period,
    months.span,
    months.month_start,
    joined.unit_code,
    joined.joins_on <= months.last_day
  from months
  join joined_months as joined
    on joined.dataset = months.dataset
    and joined.month_start = months.month_start
),

owed as (
  select owing.*, reported.month_start is not null as is_reported
  from owing
  left join reported_months as reported
    on reported.dataset = owing.dataset
    and reported.unit_code = owing.unit_code
    and reported.month_start = owing.month_start
),

by_unit as (
  select
    dataset,
    with_bodies,
    period,
    span,
    unit_code,
    is_counted,
    count(*) as months_owed,
    count(*) filter (where is_reported) as months_reported
  from owed
  group by dataset, with_bodies, period, span, unit_code, is_counted
),

by_month as (
  select
    dataset,
    with_bodies,
    period,
    span,
    month_start,
    100.0 * count(*) filter (where is_reported) / count(*) as reporting_pct,
    -- months with the same units are one part
    hash(list(unit_code order by unit_code)) as units_hash
  from owed
  where is_counted
  group by dataset, with_bodies, period, span, month_start
),

-- by unit and part: a part is a run of months over which the same units owe
in_parts as (
  select
    owed.dataset,
    owed.with_bodies,
    owed.period,
    owed.span,
    by_month.units_hash,
    owed.unit_code,
    min(owed.month_start) as part_start,
    bool_and(owed.is_reported) as is_whole
  from owed
  join by_month
    on by_month.dataset = owed.dataset
    and by_month.with_bodies = owed.with_bodies
    and by_month.period = owed.period
    and by_month.span = owed.span
    and by_month.month_start = owed.month_start
  where owed.is_counted
  group by all
),

by_part as (
  select
    dataset,
    with_bodies,
    period,
    span,
    setting('province_code') as unit_code,
    count(*) as units_in_scope,
    count(*) filter (where is_whole) as units_reporting
  from in_parts
  group by dataset, with_bodies, period, span, units_hash
  qualify row_number() over (
    partition by dataset, with_bodies, period, span
    order by count(*) filter (where is_whole) / count(*), min(part_start) desc
  ) = 1
),

known_months as (
  select
    dataset,
    with_bodies,
    period,
    span,
    count(*) as months_in_span,
    count(*) filter (where reporting_pct >= cast(setting('coverage_gate_pct') as double)) as months_known
  from by_month
  group by dataset, with_bodies, period, span
),

-- rows that stand, and rows the same deliveries held back; a row whose unit is unknown is the feed's only unit's, or the province's
feed_units as (
  select feed, any_value(unit_code) as unit_code
  from ops.obligations
  group by feed
  having count(distinct unit_code) = 1
),

held_rows as (
  select
    dataset,
    period,
    unit_code,
    row_count as rows_counted,
    0 as rows_missing
  from intermediate.row_parts
  union all
  select
    held.dataset,
    held.period,
    coalesce(held.unit_code, own.unit_code, setting('province_code')),
    0,
    count(*)
  from ops.quarantine as held
  join intermediate.standing_deliveries as standing
    on standing.delivery_id = held.delivery_id
    and standing.period = held.period
  left join feed_units as own on own.feed = held.feed
  group by all
),

placed_rows as (
  select
    held.dataset,
    held.period as part,
    coalesce(place.rollup_code, setting('province_code')) as unit_code,
    any_value(place.joins_on) as joins_on,
    sum(held.rows_counted) as rows_counted,
    sum(held.rows_missing) as rows_missing
  from held_rows as held
  left join marts.unit_rollup as place
    on place.dataset = held.dataset
    and place.period = held.period
    and place.unit_code = held.unit_code
    and place.is_own
  group by all
),

span_rows as (
  select
    rows_of.dataset,
    circles.with_bodies,
    parts.period,
    parts.span,
    case when level.is_province then setting('province_code') else rows_of.unit_code end as unit_code,
    cast(sum(rows_of.rows_counted) as bigint) as rows_counted,
    cast(sum(rows_of.rows_missing) as bigint) as rows_missing
  from placed_rows as rows_of
  join intermediate.period_parts as parts on parts.part = rows_of.part
  join marts.periods as windows on windows.period = parts.period
  join circles on circles.dataset = rows_of.dataset
  cross join (values (false), (true)) as level (is_province)
  where if(
    level.is_province,
    (circles.with_bodies or not is_body(rows_of.unit_code)) and coalesce(rows_of.joins_on <= windows.last_day, true),
    rows_of.unit_code <> setting('province_code')
  )
  group by all
),

nil_units as (
  select distinct
    duty.dataset,
    parts.period,
    parts.span,
    duty.unit_code
  from ops.obligations as duty
  join ops.standing as standing
    on standing.feed = duty.feed
    and standing.dataset = duty.dataset
    and standing.period = duty.period
    and standing.is_nil
  join intermediate.period_parts as parts on parts.part = duty.period
  union
  select
    duty.dataset,
    parts.period,
    parts.span,
    duty.unit_code
  from ops.obligations as duty
  join intermediate.period_parts as parts on parts.part = duty.period
  where duty.status = 'confirmed_zero'
),

summed as (
  select
    by_unit.dataset,
    by_unit.with_bodies,
    by_unit.period,
    by_unit.span,
    case when level.is_province then setting('province_code') else by_unit.unit_code end as unit_code,
    count(*) as units_in_scope,
    count(*) filter (where months_reported = months_owed) as units_reporting,
    count(*) filter (where nil_units.unit_code is not null) as units_nil,
    cast(sum(months_owed) as bigint) as months_owed,
    cast(sum(months_reported) as bigint) as months_reported,
    coalesce(
      list(by_unit.unit_code order by by_unit.unit_code) filter (where months_reported < months_owed), []
    ) as missing_units,
    coalesce(
      list(months_owed - months_reported order by by_unit.unit_code) filter (where months_reported < months_owed), []
    ) as missing_months
  from by_unit
  left join nil_units
    on nil_units.dataset = by_unit.dataset
    and nil_units.period = by_unit.period
    and nil_units.span = by_unit.span
    and nil_units.unit_code = by_unit.unit_code
  cross join (values (false), (true)) as level (is_province)
  where not level.is_province
    or by_unit.is_counted
  group by 1, 2, 3, 4, 5
)

select
  summed.dataset,
  summed.period,
  summed.span,
  summed.unit_code,
  summed.with_bodies,
  coalesce(worst.units_in_scope, summed.units_in_scope) as units_in_scope,
  coalesce(worst.units_reporting, summed.units_reporting) as units_reporting,
  summed.units_nil,
  share_pct(
    coalesce(worst.units_reporting, summed.units_reporting), coalesce(worst.units_in_scope, summed.units_in_scope)
  ) as coverage_pct,
  summed.missing_units,
  summed.missing_months,
  summed.months_owed,
  summed.months_reported,
  known.months_known,
  known.months_in_span,
  coalesce(own_rows.rows_counted, 0) as rows_counted,
  coalesce(own_rows.rows_missing, 0) as rows_missing,
  share_pct(own_rows.rows_counted, own_rows.rows_counted + own_rows.rows_missing) as rows_pct
from summed
join known_months as known
  on known.dataset = summed.dataset
  and known.with_bodies = summed.with_bodies
  and known.period = summed.period
  and known.span = summed.span
left join by_part as worst
  on worst.dataset = summed.dataset
  and worst.with_bodies = summed.with_bodies
  and worst.period = summed.period
  and worst.span = summed.span
  and worst.unit_code = summed.unit_code
left join span_rows as own_rows
  on own_rows.dataset = summed.dataset
  and own_rows.with_bodies = summed.with_bodies
  and own_rows.period = summed.period
  and own_rows.span = summed.span
  and own_rows.unit_code = summed.unit_code
