-- Communes that went over whole to one made of whole communes, for every period of rows before that day: to which one, and when.
-- A commune that was split, or that grew after the period, has no row: nothing of it is shared out.
-- vi: Xã cũ nhập trọn vào xã mới gồm toàn các xã nhập trọn, theo từng kỳ dữ liệu trước ngày sắp xếp; xã bị tách không có dòng.
-- grain: period, unit_code
select
  periods.period,
  mapped.old_code as unit_code,
  mapped.new_code as successor_code,
  mapped.valid_from as passes_on
from ref.periods as periods
join ref.mapped_units as mapped
  on periods.last_day < mapped.valid_from
  and mapped.known_from <= periods.first_day
where periods.regime = 'CALENDAR'
  and periods.period in (select part from intermediate.period_parts)
  -- nothing passes to a unit before it begins
  and mapped.valid_from <= (select max(last_day) from marts.periods)
