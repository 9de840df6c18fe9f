-- The corrections in force, and what becomes of each of those about rows. state: applied; no_row (no standing delivery has such
-- a row), mended (the old value is not there any more: the source has mended itself, take the entry out), contested (another
-- correction contradicts it); figure (it is about a figure: marts.corrections says what becomes of it).
-- vi: Các hiệu chỉnh đang có hiệu lực và kết quả áp dụng.
-- grain: correction_id
with standing_rows as (
  select
    entry.correction_id,
    standing.delivery_id,
    place.unit_code,
    place."row",
    coalesce(place.is_as_expected, false) as is_as_expected,
    coalesce(acts.is_contested, false) as is_contested
  from ops.corrections_at('infinity') as entry
  join ops.standing as standing
    on standing.feed = entry.feed
    and standing.period = entry.period
  left join ops.corrected_rows as place
    on place.entry_id = entry.entry_id
    and place.reading_id = standing.rows_of
  left join ops.row_corrections_at('infinity') as acts
    on acts.dataset = place.dataset
    and acts.reading_id = place.reading_id
    and acts.sheet is not distinct from place.sheet
    and acts."row" = place."row"
  where entry.action <> 'hold'
),

counted as (
  select
    correction_id,
    max(delivery_id) as delivery_id,
    min(unit_code) as row_unit_code,
    count("row") as row_count,
    count("row") filter (where is_as_expected and not is_contested) as applied_count,
    bool_or(is_contested) as is_contested
  from standing_rows
  group by correction_id
)

select
  entry.*,
  counted.delivery_id,
  counted.row_unit_code,
  coalesce(counted.row_count, 0) as row_count,
  coalesce(counted.applied_count, 0) as applied_count,
  case
    when entry.action = 'hold' then 'figure'
    when coalesce(counted.row_count, 0) = 0 then 'no_row'
    when counted.is_contested then 'contested'
    when counted.applied_count < counted.row_count then 'mended'
    else 'applied'
  end as state
from ops.corrections_at('infinity') as entry
left join counted using (correction_id)
