-- Dossiers row by row: what each adds (0 or 1), and when. A flow belongs to the quarter of its own date (resolved_on), whatever
-- file brought it; a stock is seen from … until (exclusive). Days are last calendar days of quarters under the regime of the
-- feed. Rules: form II.06a and Decision 766; dates to the day. A dossier stays open until a row of it says that it ended.
-- vi: Từng hồ sơ góp gì (0 hoặc 1) và vào lúc nào; số phát sinh thuộc quý của chính ngày phát sinh, số tồn tính đến khi có kết thúc.
-- grain: _delivery_id, _sheet, _row
with states as (
  select
    dossier._delivery_id,
    dossier._sheet,
    dossier._row,
    dossier.dossier_code,
    dossier.unit_code,
    dossier.period as part,
    dossier.status_code,
    place.rollup_code as reporting_code,
    windows.period_to,
    cast(date_trunc('quarter', days.last_day) + interval 3 month - interval 1 day as date) as part_on,
    coalesce(delivery.regime, datasets.regime) as regime,
    form06.group_code = 'resolved' as is_ended,
    dossier.channel_code is not distinct from '2' as is_online,
    cast(dossier.received_at as date) as received_on,
    case
      when form06.group_code = 'resolved' then cast(coalesce(dossier.processed_at, dossier.returned_at) as date)
    end as ended_on,
    cast(dossier.due_at as date) as due_on,
    -- two requests for supplements or more are late by Decision 766, whatever the days
    coalesce(dossier.supplement_count, 0) < 2 as may_be_in_term,
    cast(coalesce(dossier.supplement_wait_days, 0) as integer) as wait_days,
    coalesce(dossier.has_digitised_parts and dossier.has_result_file, false) as is_digitised,
    coalesce(dossier.yields_document, false) as is_document,
    coalesce(dossier.yields_document and dossier.has_result_file, false) as is_result_file,
    coalesce(dossier.has_reused_parts, false) as is_reused,
    coalesce(dossier.fee_amount > 0, false) as is_fee,
    coalesce(dossier.fee_amount > 0 and dossier.is_paid_online, false) as is_paid,
    coalesce(dossier.has_apology, false) as is_apology,
    coalesce(dossier.has_complaint, false) as is_complaint,
    coalesce(version.seen_from, date '0001-01-01') as seen_from,
    coalesce(version.seen_until, date '9999-12-31') as seen_until
  from core.dossiers_current as dossier
  join ref.status_groups as form06
    on form06.report = 'II.06a'
    and form06.status_code = dossier.status_code
    and form06.group_code <> 'not_counted'
  join intermediate.dataset_periods as windows
    on windows.dataset = 'dossiers'
    and windows.period = dossier.period
  join ref.periods as days
    on days.regime = 'CALENDAR'
    and days.period = dossier.period
  join marts.unit_rollup as place
    on place.dataset = 'dossiers'
    and place.period = dossier.period
    and place.unit_code = dossier.unit_code
    and place.is_own
  join marts.datasets as datasets on datasets.dataset = 'dossiers'
  left join intermediate.delivery_feeds as delivery
    on delivery.delivery_id = dossier._delivery_id
    and delivery.regime is not null
  left join intermediate.case_versions as version
    on version.dataset = 'dossiers'
    and version._delivery_id = dossier._delivery_id
    and version._row = dossier._row
    and version._sheet is not distinct from dossier._sheet
    and version.case_code = dossier.dossier_code
),

placed as (
  select
    states.*,
    -- withdrawn (7) and stopped (8) dossiers may come without an end date; processed ones without one count as open
    case
      when ended_on is not null then ended.quarter_on
      when is_ended and status_code in ('7', '8') then part_on
    end as resolved_on,
    coalesce(received.quarter_on, part_on) as open_on,
    received.quarter_on as received_in,
    overdue.quarter_on as overdue_on,
    case
      when not may_be_in_term then date '0001-01-01'
      else late.quarter_on
    end as late_on
  from states
  left join intermediate.quarter_days as ended
    on ended.regime = states.regime
    and ended.day = states.ended_on
  left join intermediate.quarter_days as received
    on received.regime = states.regime
    and received.day = states.received_on
  left join intermediate.quarter_days as overdue
    on overdue.regime = states.regime
    and overdue.day = states.due_on + 1
  left join intermediate.quarter_days as late
    on late.regime = states.regime
    and late.day = states.due_on + states.wait_days + 1
),

seen as (
  select
    *,
    greatest(open_on, seen_from) as open_from,
    least(coalesce(resolved_on, date '9999-12-31'), seen_until) as open_until
  from placed
),

classed as (
  select
    *,
    case
      when resolved_on is null then null
      when due_on is null or status_code in ('7', '8') or ended_on = due_on then 'on_time'
      when ended_on < due_on then 'early'
      else 'late'
    end as form06_class,
    not may_be_in_term or coalesce(coalesce(ended_on, period_to) - wait_days > due_on, false) as is_late_766,
    -- open dossiers that wait for supplements count as in term
    case when status_code <> '5' and overdue_on is not null then greatest(open_from, overdue_on) end as overdue_from,
    greatest(open_from, late_on) as late_from
  from seen
)

select
  _delivery_id,
  _sheet,
  _row,
  dossier_code,
  unit_code,
  reporting_code,
  part,
  cast(null as varchar) as detail,
  resolved_on,
  seen_from as resolved_from,
  seen_until as resolved_until,
  received_in as received_on,
  seen_from as received_from,
  seen_until as received_until,
  open_from,
  open_until,
  coalesce(overdue_from, open_until) as overdue_from,
  open_until as overdue_until,
  coalesce(case when late_on is not null then late_from end, open_until) as late_766_from,
  open_until as late_766_until,
  1 as counted,
  cast(form06_class = 'early' as tinyint) as early,
  cast(form06_class = 'on_time' as tinyint) as on_time,
  cast(form06_class = 'late' as tinyint) as late,
  cast(form06_class = 'late' and is_apology as tinyint) as late_apology,
  cast(is_late_766 as tinyint) as late_766,
  cast(due_on is null as tinyint) as without_due,
  cast(is_apology as tinyint) as apology,
  cast(is_digitised as tinyint) as digitised,
  cast(is_document as tinyint) as document,
  cast(is_result_file as tinyint) as result_file,
  cast(is_reused as tinyint) as reused,
  cast(is_fee as tinyint) as fee,
  cast(is_paid as tinyint) as paid_online,
  cast(is_complaint as tinyint) as complaint,
  cast(is_online as tinyint) as online,
  -- a dossier without a channel counts as handed in at the counter, as index 766 reads it
  cast(not is_online as tinyint) as direct
from classed
