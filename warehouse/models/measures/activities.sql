-- Activities row by row: what each adds to the period of its file, as long as it is the last row of the activity known.
-- Discipline checks are counted apart from other inspections. dissemination_lag_days stands at the first session a body held on
-- a document: days since the document was issued. A mediation that is pending is no mediation yet. Staff count as rotated when they
-- go to the government from a Party, mass-mobilization or Front body. A milestone is issued once its document has a day.
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
    activity.kind_code = 'commendation' and coalesce(activity.is_dedicated, false) as is_dedicated_one,
    activity.kind_code = 'dissemination' as is_dissemination,
    activity.kind_code = 'training' as is_training,
    activity.kind_code = 'situation_report' and activity.due_on is not null as is_report_due,
    activity.kind_code in ('supervision', 'criticism', 'head_supervision') as is_supervision,
    activity.kind_code = 'mediation' as is_mediation,
    activity.kind_code = 'clearance' as is_clearance,
    activity.kind_code = 'new_rural_commune' as is_new_rural,
    activity.kind_code = 'milestone' as is_milestone,
    activity.kind_code = 'staffing'
    and activity.to_block_code = 'government'
    and activity.from_block_code in ('party', 'mass_mobilization', 'front') as is_rotation,
    row_number() over (
      partition by activity.unit_code, activity.kind_code, activity.document_no
      order by activity.happened_on, activity.period, activity._delivery_id, activity._sheet, activity._row
    ) as session_no
  from core.activities_current as activity
  join marts.unit_rollup as place
    on place.dataset = 'activities'
    and place.period = activity.period
    and place.unit_code = activity.unit_code
    and place.is_own
  left join intermediate.case_versions as version
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
  case when is_milestone then milestone_code end as detail,
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
  case when is_dedicated_one then coalesce(individual_count, 0) else 0 end as commended_individuals,
  cast(is_dissemination as bigint) as disseminations,
  case when is_dissemination then coalesce(participant_count, 0) else 0 end as dissemination_attendances,
  case
    when is_dissemination and document_no is not null and session_no = 1 then datediff('day', document_on, happened_on)
  end as dissemination_lag_days,
  -- a number for the word, the same everywhere
  case
    when is_dissemination and dissemination_form_code is not null
      then cast(md5_number_lower(dissemination_form_code) >> 1 as bigint)
  end as dissemination_format,
  cast(is_training as bigint) as training_courses,
  case when is_training then coalesce(participant_count, 0) else 0 end as training_attendances,
  cast(is_report_due as bigint) as situation_reports_due,
  cast(is_report_due and coalesce(submitted_on <= due_on, false) as bigint) as situation_reports_in_term,
  case when is_rotation then coalesce(moved_person_count, 0) else 0 end as staff_moved,
  cast(kind_code = 'supervision' as bigint) as supervisions,
  cast(kind_code = 'criticism' as bigint) as criticisms,
  cast(kind_code = 'head_supervision' as bigint) as head_supervisions,
  case when is_supervision then coalesce(recommendation_count, 0) else 0 end as recommendations,
  case when is_supervision then coalesce(accepted_count, 0) else 0 end as recommendations_accepted,
  case when is_mediation then coalesce(success_count, 0) + coalesce(failed_count, 0) else 0 end as mediations_concluded,
  case when is_mediation then coalesce(success_count, 0) else 0 end as mediations_successful,
  case when is_mediation then coalesce(pending_count, 0) else 0 end as mediations_pending,
  cast(is_clearance as bigint) as clearance_projects,
  cast(is_clearance and coalesce(has_team, false) as bigint) as clearance_projects_with_team,
  case when is_clearance then coalesce(household_count, 0) else 0 end as clearance_households,
  case when is_clearance then coalesce(agreed_household_count, 0) else 0 end as clearance_households_agreed,
  cast(is_new_rural as bigint) as new_rural_communes,
  cast(is_new_rural and coalesce(standard_code = 'advanced', false) as bigint) as new_rural_communes_advanced,
  cast(is_new_rural and coalesce(standard_code = 'model', false) as bigint) as new_rural_communes_model,
  cast(is_milestone as bigint) as milestones,
  cast(is_milestone and document_on is not null as bigint) as milestones_issued
from kinds
