-- Which units have something loaded for which period of a dataset: rows, or a loaded delivery that answers their obligation
-- even with 0 rows. Periods and units as they came, before any rolling up.
-- vi: Đơn vị nào đã có dữ liệu được nạp cho kỳ nào của từng tập dữ liệu, kể cả biểu gửi với 0 dòng.
-- grain: dataset, period, unit_code
select distinct 'dossiers' as dataset, period, unit_code
from core.dossiers_current
union
select distinct 'service_reports', period, unit_code
from core.service_reports_current
union
select distinct 'survey_responses', period, unit_code
from core.survey_responses_current
union
select distinct 'petitions', period, unit_code
from core.petitions_current
union
select distinct 'activities', period, unit_code
from core.activities_current
union
select duty.dataset, duty.period, duty.unit_code
from ops.obligations as duty
join ops.deliveries as delivery
  on delivery.feed = duty.feed
  and delivery.dataset = duty.dataset
  and list_contains(delivery.periods, duty.period)
where delivery.status in ('loaded', 'unchanged')
