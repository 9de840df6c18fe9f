-- The corrections of the register that are in force, and what becomes of each. state: applied; no_row (no file in use has such a
-- row, or there is no such figure); mended (the old value is not there any more, so it does not act); contested (another one says
-- otherwise of the same row). unit_code is the assessed unit whose figures it moves; the province's move with them.
-- vi: Các hiệu chỉnh đang có hiệu lực: hành động, lý do, người quyết định và kết quả áp dụng.
-- grain: correction_id
with figures as (
  select
    hold.correction_id,
    count(figure.indicator_code) as row_count,
    count(*) filter (where figure.availability = 'held') as applied_count
  from ops.corrections as hold
  join marts.indicator_values as figure
    on figure.indicator_code = hold.indicator_code
    and figure.unit_code = hold.unit_code
    and figure.period = hold.period
    and (hold.definition_id = figure.definition_id or hold.definition_id is null and figure.is_primary)
    and figure.availability in ('computed', 'held')
  where hold.action = 'hold'
  group by hold.correction_id
)

select
  entry.correction_id,
  entry.entry_id,
  entry.action,
  entry.dataset,
  entry.feed,
  entry.period,
  entry.sheet,
  entry."row",
  coalesce(place.rollup_code, entry.unit_code, entry.row_unit_code) as unit_code,
  entry.indicator_code,
  entry.definition_id,
  entry.expected,
  entry.changes,
  coalesce(figures.row_count, entry.row_count) as row_count,
  coalesce(figures.applied_count, entry.applied_count) as applied_count,
  case
    when entry.state <> 'figure' then entry.state
    when figures.applied_count > 0 then 'applied'
    when figures.row_count > 0 then 'mended'
    else 'no_row'
  end as state,
  entry.delivery_id,
  entry.reason,
  entry.decided_by,
  entry.decided_on
from ops.corrections as entry
left join figures on figures.correction_id = entry.correction_id
left join marts.unit_rollup as place
  on place.dataset = entry.dataset
  and place.period = entry.period
  and place.unit_code = entry.row_unit_code
  and place.is_own
