-- Which units have something loaded for which period of a dataset: rows, or a loaded delivery that answers their obligation
-- even with 0 rows. Periods and units as they came, before any rolling up.
-- vi: Đơn vị nào đã có dữ liệu được nạp cho kỳ nào của từng tập dữ liệu, kể cả biểu gửi với 0 dòng.
-- grain: dataset, period, unit_code
select dataset, period, unit_code
from marts.row_parts
union
select duty.dataset, duty.period, duty.unit_code
from ops.obligations as duty
join ops.deliveries as delivery
  on delivery.feed = duty.feed
  and delivery.dataset = duty.dataset
  and list_contains(delivery.periods, duty.period)
where delivery.status in ('loaded', 'unchanged')
