-- Which units have rows for which period of a dataset, and how many. Periods and units as they came, before any rolling up.
-- vi: Đơn vị nào có dòng dữ liệu cho kỳ nào của từng tập dữ liệu, bao nhiêu dòng.
-- grain: dataset, period, unit_code
select 'dossiers' as dataset, period, unit_code, count(*) as row_count
from core.dossiers_current
group by period, unit_code
union all
select 'service_reports', period, unit_code, count(*)
from core.service_reports_current
group by period, unit_code
union all
select 'survey_responses', period, unit_code, count(*)
from core.survey_responses_current
group by period, unit_code
union all
select 'petitions', period, unit_code, count(*)
from core.petitions_current
group by period, unit_code
union all
select 'activities', period, unit_code, count(*)
from core.activities_current
group by period, unit_code
