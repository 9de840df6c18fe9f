-- What corrections in force as of a moment do to rows: one row a row of a reading that is excluded or has other values.
-- A correction applies where the old value it names stands. Where two contradict each other (a row is excluded and
-- changed, or a column is to become two things) neither applies: the order in the register decides nothing.
-- vi: Tác động của các hiệu chỉnh có hiệu lực tại một thời điểm lên từng dòng.
create or replace macro ops.row_corrections_at(known) as table (
with acting as (
  select place.dataset, place.reading_id, place.sheet, place."row", entry.correction_id, entry.action, entry.changes
  from ops.corrected_rows as place
  join ops.corrections_at(known) as entry using (entry_id)
  where place.is_as_expected
),

values_of as (
  select dataset, reading_id, sheet, "row", unnest(map_keys(changes)) as name, unnest(map_values(changes)) as value
  from acting
  where action = 'replace'
),

columns_of as (
  select dataset, reading_id, sheet, "row", name, any_value(value) as value,
    count(distinct value) + max(cast(value is null as integer)) > 1 as is_contested
  from values_of
  group by dataset, reading_id, sheet, "row", name
),

changed as (
  select dataset, reading_id, sheet, "row", bool_or(is_contested) as is_contested,
    map_from_entries(list({'key': name, 'value': value} order by name)) as changes
  from columns_of
  group by dataset, reading_id, sheet, "row"
),

touched as (
  select dataset, reading_id, sheet, "row",
    bool_or(action = 'exclude') as is_excluded,
    bool_or(action = 'replace') as is_replaced,
    list(distinct correction_id order by correction_id) as correction_ids
  from acting
  group by dataset, reading_id, sheet, "row"
)

select touched.dataset, touched.reading_id, touched.sheet, touched."row", touched.correction_ids,
  touched.is_excluded and touched.is_replaced or coalesce(changed.is_contested, false) as is_contested,
  touched.is_excluded, changed.changes
from touched
left join changed
  on changed.dataset = touched.dataset
  and changed.reading_id = touched.reading_id
  and changed.sheet is not distinct from touched.sheet
  and changed."row" = touched."row"
)
