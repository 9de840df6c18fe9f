-- Activities row by row: what each adds to the period of its file, as long as it is the last row of the activity known.
-- Discipline checks are counted apart from other inspections.
-- vi: Từng hoạt động dân vận góp gì vào kỳ của tệp, khi còn là dòng mới nhất của hoạt động đó.
-- grain: _delivery_id, _sheet, _row, activity_code
with kinds as (
  select
    activity.*,
    place.rollup_code as reporting_code,
    coalesce(version.seen_until, date '9999-12-31') as part_until,
    activity.kind_code = 'dialogue' as is_dialogue,
    activity.kind_code = 'model' as is_model,
    activity.kind_code = 'inspection' and activity.document_tag_code is distinct from 'discipline' as is_inspection,
    activity.kind_code = 'inspection' and activity.document_tag_code = 'discipline' as is_discipline,
    activity.kind_code = 'commendation' as is_commendation,
    activity.kind_code = 'commendation' and coalesce(activity.is_dedicated, false) as is_dedicated_one
  from core.activities_current as activity
  join marts.unit_rollup as place
    on place.dataset = 'activities'
    and place.period = activity.period
    and place.unit_code = activity.unit_code
    and place.is_own
  left join marts.case_versions as version
    on version.dataset = 'activities'
    and version._delivery_id = activity._delivery_id
    and version._row = activity._row
    and version._sheet is not distinct from activity._sheet
    and version.case_code = activity.activity_code
)

select
  _delivery_id,
  _sheet,
  _row,
  activity_code,
  unit_code,
  reporting_code,
  period as part,
  cast(null as varchar) as detail,
  date '0001-01-01' as part_from,
  part_until,
  case
    when recognised_level_code is null then date '9999-12-31'
    else coalesce(recognised_on, date '0001-01-01')
  end as recognised_from,
  part_until as recognised_until,
  case when is_dialogue then coalesce(opinion_count, 0) else 0 end as opinions,
  -- the form does not say whether "settled" holds those answered on the spot: never more than were raised
  case
    when is_dialogue
      then least(coalesce(opinion_count, 0), greatest(coalesce(answered_count, 0), coalesce(settled_count, 0)))
    else 0
  end as opinions_settled,
  cast(is_model as bigint) as models,
  cast(is_model and coalesce(is_in_state_agency, false) as bigint) as agency_models,
  cast(is_model and coalesce(is_replicated, false) as bigint) as replicated_models,
  cast(is_inspection as bigint) as inspections,
  cast(is_inspection and coalesce(document_tag_code = '02-ĐA/TU', false) as bigint) as inspections_02,
  cast(is_inspection and coalesce(document_tag_code = '254-TB/TU', false) as bigint) as inspections_254,
  cast(is_inspection and coalesce(document_tag_code = '791-TB/TU', false) as bigint) as inspections_791,
  cast(is_inspection and coalesce(document_tag_code = 'notice', false) as bigint) as inspections_notice,
  case when is_inspection then coalesce(conclusion_count, 0) else 0 end as conclusions,
  case when is_inspection then coalesce(completed_count, 0) else 0 end as conclusions_completed,
  cast(is_discipline as bigint) as discipline_checks,
  case when is_discipline then coalesce(handled_person_count, 0) else 0 end as persons_handled,
  cast(is_commendation as bigint) as commendations,
  cast(is_dedicated_one as bigint) as dedicated_commendations,
  case when is_dedicated_one then coalesce(collective_count, 0) else 0 end as commended_collectives,
  case when is_dedicated_one then coalesce(individual_count, 0) else 0 end as commended_individuals
from kinds
