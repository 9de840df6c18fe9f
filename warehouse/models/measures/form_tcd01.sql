-- Form 01/TCD row by row: receptions, groups, and the sessions of the head against those that the law asks of the unit's level
-- in the window of the form (the weeks are those whose Monday, the months those whose first day lies in it). More sessions
-- than required count as required.
-- vi: Từng dòng biểu 01/TCD: số lượt tiếp, đoàn đông người, số kỳ tiếp của người đứng đầu so với số kỳ phải có.
-- grain: _delivery_id, _sheet, _row
with forms as (
  select *
  from intermediate.form_rows
  where series = 'form_tcd01'
),

windows as (
  select distinct level, window_from, window_to
  from forms
),

days as (
  select
    level,
    window_from,
    window_to,
    cast(unnest(generate_series(window_from, window_to, interval 1 day)) as date) as day
  from windows
),

duties as (
  select
    days.level,
    days.window_from,
    days.window_to,
    cast(sum(duty.session_count) as bigint) as sessions_required
  from days
  join ref.reception_duties as duty
    on duty.level = days.level
    and duty.body = 'government'
    and duty.valid_from <= days.day
    and days.day < coalesce(duty.valid_to, date 'infinity')
    and case duty.per when 'week' then isodow(days.day) = 1 else day(days.day) = 1 end
  group by days.level, days.window_from, days.window_to
)

select
  forms._delivery_id,
  forms._sheet,
  forms._row,
  forms.unit_code,
  forms.reporting_code,
  forms.period as part,
  cast(null as varchar) as detail,
  date '0001-01-01' as part_from,
  date '9999-12-31' as part_until,
  coalesce(forms.figures['receptions'], 0) as receptions,
  coalesce(forms.figures['persons_received'], 0) as persons_received,
  coalesce(forms.figures['cases_received'], 0) as cases_received,
  coalesce(forms.figures['groups_regular'], 0) as groups_regular,
  coalesce(forms.figures['groups_of_head'], 0) as groups_of_head,
  coalesce(forms.figures['groups_delegated'], 0) as groups_delegated,
  coalesce(forms.figures['sessions_of_head'], 0) as sessions_of_head,
  coalesce(forms.figures['sessions_delegated'], 0) as sessions_delegated,
  coalesce(duties.sessions_required, 0) as sessions_required,
  least(coalesce(forms.figures['sessions_of_head'], 0), coalesce(duties.sessions_required, 0)) as sessions_counted
from forms
left join duties
  on duties.level = forms.level
  and duties.window_from = forms.window_from
  and duties.window_to = forms.window_to
