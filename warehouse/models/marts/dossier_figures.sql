-- Indicators from dossiers: AR03 (on time, Decision 766), AR05 (apologies), AR06 to AR09 (766-4.2, 4.1, 4.3, 3.6) and SA02
-- (766-5.4: dossiers less the late ones less those with a complaint; one that is both is taken off twice, as the decision has it).
-- vi: Chỉ số tính từ hồ sơ: AR03, AR05, AR06 đến AR09, SA02.
-- grain: indicator_code, definition_id, unit_code, period
with sums as (
  select
    *,
    resolved_late_766_count + open_late_766_count as late_766_count
  from marts.dossier_sums
  where span = 'period'
),

parts as (
  select
    'AR03' as indicator_code,
    'OT_766' as definition_id,
    unit_code,
    period,
    dossier_count - late_766_count as numerator,
    dossier_count as denominator,
    json_object('late', late_766_count, 'without_due', without_due_count) as beside
  from sums
  union all
  select 'AR05', 'OT_FORM06', unit_code, period, apology_count, overdue_count, json_object('late', overdue_count)
  from sums
  union all
  select 'AR06', 'CATALOGUE', unit_code, period, digitised_count, dossier_count, null
  from sums
  union all
  select 'AR07', 'CATALOGUE', unit_code, period, result_file_count, document_count, null
  from sums
  union all
  select 'AR08', 'CATALOGUE', unit_code, period, reused_count, dossier_count, null
  from sums
  union all
  select 'AR09', 'CATALOGUE', unit_code, period, paid_online_count, fee_count, null
  from sums
  union all
  select
    'SA02',
    'CATALOGUE',
    unit_code,
    period,
    greatest(dossier_count - late_766_count - complaint_count, 0),
    dossier_count,
    json_object('late', late_766_count, 'with_complaint', complaint_count)
  from sums
)

select
  *,
  share_pct(numerator, denominator) as value,
  denominator as sample_size
from parts
