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
union all
select 'democracy_items', period, unit_code, count(*)
from core.democracy_items_current
group by period, unit_code
union all
select 'index_scores', period, unit_code, count(*)
from core.index_scores_current
group by period, unit_code
union all
select 'one_stop_ratings', period, unit_code, count(*)
from core.one_stop_ratings_current
group by period, unit_code
union all
select 'petition_forms', period, unit_code, count(*)
from core.petition_forms_current
group by period, unit_code
union all
-- the figures of a form are a series of their own: a unit that sent one form has not reported the others
select series, period, unit_code, count(*)
from core.form_values
where series is not null
group by series, period, unit_code
