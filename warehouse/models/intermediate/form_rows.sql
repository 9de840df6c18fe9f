-- The rows of official forms that figures are made from: what each column says, by the name ref.form_columns gives it, so that no
-- model names a column of a circular. Sums of the columns of one name; a name without a cell is absent from figures.
-- vi: Dòng của các biểu mẫu dùng để tính số liệu: giá trị theo tên số đo, không phụ thuộc số thứ tự cột của từng thông tư.
-- grain: _delivery_id, _sheet, _row
with named as (
  select
    _delivery_id,
    _sheet,
    _row,
    series,
    unit_code,
    period,
    window_from,
    window_to,
    measure,
    cast(sum(value) as bigint) as amount
  from core.form_values
  where series is not null
  group by all
)

select
  named._delivery_id,
  named._sheet,
  named._row,
  named.series,
  named.unit_code,
  place.level,
  place.rollup_code as reporting_code,
  named.period,
  named.window_from,
  named.window_to,
  coalesce(
    map_from_entries(
      list({'key': named.measure, 'value': named.amount} order by named.measure) filter (where named.measure is not null)
    ),
    cast(map {} as map(varchar, bigint))
  ) as figures
from named
join marts.unit_rollup as place
  on place.dataset = named.series
  and place.period = named.period
  and place.unit_code = named.unit_code
  and place.is_own
group by all
