-- Which units have rows for which period of a dataset. Periods and units as they came, before any rolling up.
-- vi: Đơn vị nào có dòng dữ liệu cho kỳ nào của từng tập dữ liệu.
-- grain: dataset, period, unit_code
select distinct 'dossiers' as dataset, period, unit_code
from core.dossiers_current
union all
select distinct 'service_reports', period, unit_code
from core.service_reports_current
union all
select distinct 'survey_responses', period, unit_code
from core.survey_responses_current
union all
select distinct 'petitions', period, unit_code
from core.petitions_current
union all
select distinct 'activities', period, unit_code
from core.activities_current
union all
select distinct 'democracy_items', period, unit_code
from core.democracy_items_current
union all
select distinct 'index_scores', period, unit_code
from core.index_scores_current
union all
select distinct 'one_stop_ratings', period, unit_code
from core.one_stop_ratings_current
union all
select distinct 'petition_forms', period, unit_code
from core.petition_forms_current
union all
-- the figures of a form are a series of their own: a unit that sent one form has not reported the others
select distinct series, period, unit_code
from core.form_values
where series is not null
