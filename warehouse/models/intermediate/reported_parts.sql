-- Which units have something loaded for which period of a dataset: rows, or a delivery that stands for
-- their obligation with none because it says that nothing occurred, or a person who said so. Periods and units as they came, before any rolling up.
-- vi: Đơn vị nào đã có dữ liệu được nạp cho kỳ nào của từng tập dữ liệu, kể cả biểu gửi với 0 dòng.
-- grain: dataset, period, unit_code
select dataset, period, unit_code
from intermediate.row_parts
union
select duty.dataset, duty.period, duty.unit_code
from ops.obligations as duty
join ops.standing as standing
  on standing.feed = duty.feed
  and standing.dataset = duty.dataset
  and standing.period = duty.period
union
select dataset, period, unit_code
from ops.obligations
where status = 'confirmed_zero'
