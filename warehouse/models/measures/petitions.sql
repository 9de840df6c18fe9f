-- Petitions row by row: what each adds (0 or 1), and when. A flow belongs to the quarter of its own date (receipt, end of the
-- processing or handling term), whatever file brought it; a stock is seen from … until (exclusive). A case is past due when
-- its present term (acceptance until it is accepted, then resolution; for feedback the handling term) has ended. Days are
-- last calendar days of quarters under the regime of the feed. unit_code is the unit of the row in its own period.
-- vi: Từng đơn góp gì (0 hoặc 1) và vào lúc nào: số phát sinh theo ngày phát sinh, số tồn theo ngày chốt, quá hạn theo luật.
-- grain: _delivery_id, _sheet, _row, petition_code
with days as (
  select
    coalesce(delivery.regime, datasets.regime) as regime,
    place.rollup_code as reporting_code,
    place.level,
    cast(coalesce(version.seen_from, date '0001-01-01') as date) as seen_from,
    coalesce(version.seen_until, date '9999-12-31') as seen_until,
    case
      when terms.is_on_province_list then terms.received_on
      else terms.accepted_on + (select cast(value as integer) + 1 from marts.settings where name = 'long_running_days')
    end as long_running_on,
    terms.*
  from core.petition_terms as terms
  join marts.unit_rollup as place
    on place.dataset = 'petitions'
    and place.period = terms.period
    and place.unit_code = terms.unit_code
    and place.is_own
  join marts.datasets as datasets on datasets.dataset = 'petitions'
  left join intermediate.delivery_feeds as delivery
    on delivery.delivery_id = terms._delivery_id
    and delivery.regime is not null
  left join intermediate.case_versions as version
    on version.dataset = 'petitions'
    and version._delivery_id = terms._delivery_id
    and version._row = terms._row
    and version._sheet is not distinct from terms._sheet
    and version.case_code = terms.petition_code
),

placed as (
  select
    days.*,
    received.quarter_on as received_in,
    processing.quarter_on as process_due_in,
    handling.quarter_on as intake_due_in,
    closed.quarter_on as closed_in,
    after_intake.quarter_on as intake_overdue_in,
    after_resolution.quarter_on as resolution_overdue_in,
    accepted.quarter_on as accepted_in,
    long_running.quarter_on as long_running_in,
    greatest(received.quarter_on, days.seen_from) as open_from,
    least(coalesce(closed.quarter_on, date '9999-12-31'), days.seen_until) as open_until
  from days
  left join intermediate.quarter_days as received
    on received.regime = days.regime
    and received.day = days.received_on
  left join intermediate.quarter_days as closed
    on closed.regime = days.regime
    and closed.day = days.closed_on
  left join intermediate.quarter_days as accepted
    on accepted.regime = days.regime
    and accepted.day = days.accepted_on
  left join intermediate.quarter_days as processing
    on processing.regime = days.regime
    and processing.day = days.process_due_on
  left join intermediate.quarter_days as handling
    on handling.regime = days.regime
    and handling.day = days.intake_due_on
  left join intermediate.quarter_days as after_intake
    on after_intake.regime = days.regime
    and after_intake.day = days.intake_due_on + 1
  left join intermediate.quarter_days as after_resolution
    on after_resolution.regime = days.regime
    and after_resolution.day = days.resolution_due_on + 1
  left join intermediate.quarter_days as long_running
    on long_running.regime = days.regime
    and long_running.day = days.long_running_on
),

classed as (
  select
    *,
    kind_code is not distinct from 'feedback' as is_feedback,
    -- a case of forms 01 and 03/KQGQ: within competence, no duplicate, not refused, stored or handed on
    is_within_competence
    and not is_duplicate
    and coalesce(status_code not in ('refused', 'stored'), true) as is_own_case,
    coalesce(kind_code in ('complaint', 'denunciation'), false) and may_be_competent as is_own_complaint,
    coalesce(level in ('province', 'district'), false) as is_upper_level,
    coalesce(
      level = 'district' and competent_level = 'commune'
      or level = 'province' and competent_level in ('district', 'commune'),
      false
    ) as is_above_level,
    -- feedback has one term; the others are measured by the acceptance term until they are accepted
    case when kind_code = 'feedback' then date '9999-12-31' else coalesce(accepted_in, date '9999-12-31') end as intake_until
  from placed
)

select
  _delivery_id,
  _sheet,
  _row,
  petition_code,
  unit_code,
  reporting_code,
  period as part,
  kind_code,
  accepted_on,
  intake_due_on,
  resolution_due_on,
  is_on_province_list,
  is_within_competence,
  cast(null as varchar) as detail,
  received_in as received_on,
  seen_from as received_from,
  seen_until as received_until,
  process_due_in as process_due_on,
  seen_from as process_due_from,
  seen_until as process_due_until,
  case when is_feedback then intake_due_in end as feedback_due_on,
  seen_from as feedback_due_from,
  seen_until as feedback_due_until,
  -- feedback received in the period is late once its term has ended before the answer
  received_in as late_feedback_on,
  case
    when is_feedback and intake_due_on < coalesce(closed_on, date '9999-12-31')
      then greatest(seen_from, coalesce(intake_overdue_in, date '9999-12-31'))
    else date '9999-12-31'
  end as late_feedback_from,
  seen_until as late_feedback_until,
  closed_in as closed_on,
  seen_from as closed_from,
  seen_until as closed_until,
  open_from,
  open_until,
  greatest(open_from, coalesce(intake_overdue_in, date '9999-12-31')) as overdue_intake_from,
  least(open_until, intake_until) as overdue_intake_until,
  case
    when is_own_complaint then greatest(open_from, coalesce(accepted_in, date '9999-12-31'))
    else date '9999-12-31'
  end as accepted_open_from,
  open_until as accepted_open_until,
  case
    when is_own_complaint
      then greatest(open_from, coalesce(accepted_in, date '9999-12-31'), coalesce(resolution_overdue_in, date '9999-12-31'))
    else date '9999-12-31'
  end as overdue_resolution_from,
  open_until as overdue_resolution_until,
  greatest(open_from, coalesce(long_running_in, date '9999-12-31')) as long_running_from,
  open_until as long_running_until,
  1 as counted,
  cast(coalesce(processed_on <= process_due_on, false) as tinyint) as processed_in_term,
  cast(coalesce(closed_on <= intake_due_on, false) as tinyint) as closed_in_term,
  cast(is_eligible as tinyint) as eligible,
  cast(is_eligible and transfer_count >= 2 as tinyint) as passed_round,
  cast(is_eligible and transfer_count = 1 as tinyint) as transferred_once,
  cast(is_duplicate as tinyint) as duplicate,
  cast(is_eligible and is_upper_level as tinyint) as upper_level,
  cast(is_eligible and is_upper_level and is_above_level as tinyint) as above_level,
  cast(is_feedback as tinyint) as feedback,
  cast(is_feedback and is_disliked as tinyint) as disliked,
  cast(is_feedback and is_repeated as tinyint) as repeated,
  cast(is_own_case and kind_code is not distinct from 'complaint' as tinyint) as complaint_case,
  cast(coalesce(is_own_case and kind_code = 'complaint' and closed_on <= resolution_due_on, false) as tinyint)
    as complaint_in_term,
  cast(coalesce(is_own_case and kind_code = 'complaint' and closed_on > resolution_due_on, false) as tinyint)
    as complaint_out_of_term,
  cast(is_own_case and kind_code is not distinct from 'denunciation' as tinyint) as denunciation_case,
  cast(coalesce(is_own_case and kind_code = 'denunciation' and closed_on <= resolution_due_on, false) as tinyint)
    as denunciation_in_term,
  cast(coalesce(is_own_case and kind_code = 'denunciation' and closed_on > resolution_due_on, false) as tinyint)
    as denunciation_out_of_term
from classed
