-- Duties of the year against what was done by the end of each assessed period, one row a body and duty, or a document or
-- conference of it. plan, leader, helper, rules: bodies (the unit and its communes) that fulfil it; a plan counts when dated by
-- the day set. dissemination: bodies that held a session on a document in the year; one_stop: bodies whose one-stop unit meets the
-- standard, by the last word of the year. coordination: the pairs of bodies of the assessed unit with a document for the year; review: documents reviewed
-- in the year. dialogue: conferences held, capped at the yearly duty of the body; a level without a stated duty asks for none.
-- Bodies of the province owe what the indicators that count them are made of (ref.indicator_scopes): a plan, a leader, a helper.
-- vi: Nghĩa vụ trong năm so với kết quả đến cuối kỳ: kế hoạch, lãnh đạo, cán bộ giúp việc, quy chế, phối hợp, sơ kết, đối thoại,
-- quán triệt văn bản, bộ phận một cửa đạt yêu cầu.
-- grain: part, unit_code, detail, item_code
with parameters as (
  select
    max(value) filter (where name = 'province_code') as province_code,
    cast(max(value) filter (where name = 'plan_due_month') as integer) as plan_due_month,
    cast(max(value) filter (where name = 'plan_due_day') as integer) as plan_due_day,
    string_split(max(value) filter (where name = 'plan_levels'), ' ') as plan_levels
  from marts.settings
),

bodies as (
  select
    periods.period,
    periods.period_year,
    periods.last_day,
    place.unit_code,
    place.founded_on,
    place.level,
    place.rollup_code as reporting_code
  from marts.periods as periods
  cross join parameters
  join marts.unit_rollup as place
    on place.dataset = 'activities'
    and place.period = periods.period
    and place.is_own
    and place.joins_on is null
    and place.rollup_code <> parameters.province_code
),

-- what a former unit of the same code did is not the body's own
known as (
  select activity.*
  from intermediate.known_activities as activity
  semi join bodies
    on bodies.period = activity.period
    and bodies.unit_code = activity.unit_code
    and bodies.founded_on is not distinct from activity.founded_on
),

duties (duty_code) as (
  values ('plan'), ('leader'), ('helper'), ('rules'), ('dissemination'), ('one_stop')
),

plans as (
  select
    plan.period,
    plan.unit_code,
    duties.duty_code,
    plan._delivery_id,
    plan._sheet,
    plan._row
  from known as plan
  cross join parameters
  cross join duties
  where case duties.duty_code
      when 'dissemination'
        then plan.kind_code = 'dissemination' and year(plan.happened_on) = plan.period_year
      when 'one_stop' then plan.kind_code = 'one_stop_unit' and plan.meets_standard
      when 'plan'
        then plan.kind_code = 'plan'
          and (
            plan.document_on <= make_date(plan.period_year, parameters.plan_due_month, parameters.plan_due_day)
            -- a body founded after the day set could not keep it: any day of its year counts
            or plan.founded_on > make_date(plan.period_year, parameters.plan_due_month, parameters.plan_due_day)
          )
      when 'leader' then plan.kind_code = 'plan' and plan.has_leader
      when 'helper' then plan.kind_code = 'plan' and plan.has_helper
      else plan.kind_code = 'plan' and plan.has_both_rules
    end
    and (duties.duty_code = 'dissemination' or plan.activity_year = plan.period_year)
  qualify row_number() over (
    partition by plan.period, plan.unit_code, duties.duty_code
    order by plan._delivery_id, plan._sheet, plan._row
  ) = 1
),

body_duties as (
  select distinct measures.detail as duty_code
  from ref.indicator_scopes as scopes
  join ref.indicator_terms as terms on terms.indicator_code = scopes.indicator_code
  join ref.measures as measures on measures.measure = terms.measure
  where scopes.counts_bodies
    and measures.dataset = 'activity_duties'
),

staffing as (
  select
    bodies.period,
    bodies.unit_code,
    bodies.reporting_code,
    duties.duty_code,
    'body' as item_code,
    plans._delivery_id,
    plans._sheet,
    plans._row,
    1 as required,
    cast(plans.unit_code is not null as bigint) as done
  from bodies
  cross join parameters
  cross join duties
  left join plans
    on plans.period = bodies.period
    and plans.unit_code = bodies.unit_code
    and plans.duty_code = duties.duty_code
  where list_contains(parameters.plan_levels, bodies.level)
    or bodies.level = 'body'
    and duties.duty_code in (select duty_code from body_duties)
),

pairs_in_scope (party_a_code, party_b_code) as (
  values
    ('mass_mobilization', 'peoples_committee'),
    ('fatherland_front', 'peoples_committee'),
    ('fatherland_front', 'peoples_council')
),

agreements as (
  select
    *,
    row_number() over (
      partition by period, unit_code, party_a_code, party_b_code
      order by activity_code
    ) as document_no_in_pair
  from known
  where kind_code = 'coordination'
    and activity_year = period_year
    and (document_no is not null or document_on is not null)
),

coordination as (
  select
    bodies.period,
    bodies.unit_code,
    bodies.reporting_code,
    'coordination' as duty_code,
    pair.party_a_code || '/' || pair.party_b_code as item_code,
    signed._delivery_id,
    signed._sheet,
    signed._row,
    1 as required,
    cast(signed.unit_code is not null as bigint) as done
  from bodies
  cross join pairs_in_scope as pair
  left join agreements as signed
    on signed.period = bodies.period
    and signed.unit_code = bodies.unit_code
    and signed.party_a_code = pair.party_a_code
    and signed.party_b_code = pair.party_b_code
    and signed.document_no_in_pair = 1
  where bodies.unit_code = bodies.reporting_code
    and bodies.level <> 'body'
),

reviews as (
  select
    bodies.period,
    bodies.unit_code,
    bodies.reporting_code,
    'review' as duty_code,
    signed.activity_code as item_code,
    signed._delivery_id,
    signed._sheet,
    signed._row,
    1 as required,
    cast(coalesce(year(signed.reviewed_on) = signed.period_year, false) as bigint) as done
  from bodies
  join agreements as signed
    on signed.period = bodies.period
    and signed.unit_code = bodies.unit_code
  join pairs_in_scope as pair
    on pair.party_a_code = signed.party_a_code
    and pair.party_b_code = signed.party_b_code
  where bodies.unit_code = bodies.reporting_code
    and bodies.level <> 'body'
),

-- the duty of a body itself goes before that of its level
dialogue_duties as (
  select
    bodies.period,
    bodies.unit_code,
    bodies.reporting_code,
    coalesce(duty.required_per_year, 0) as required
  from bodies
  left join ref.dialogue_duties as duty
    on duty.level = bodies.level
    and (duty.unit_code is null or duty.unit_code = bodies.unit_code)
    and duty.valid_from <= bodies.last_day
    and bodies.last_day < coalesce(duty.valid_to, date 'infinity')
  where bodies.level <> 'body'
  qualify row_number() over (
    partition by bodies.period, bodies.unit_code
    order by duty.unit_code nulls last, duty.valid_from desc
  ) = 1
),

dialogues as (
  select
    held.period,
    held.unit_code,
    held._delivery_id,
    held._sheet,
    held._row,
    held.activity_code,
    row_number() over (
      partition by held.period, held.unit_code
      order by held._delivery_id, held._sheet, held._row, held.activity_code
    ) as dialogue_no
  from known as held
  where held.kind_code = 'dialogue'
    and held.activity_year = held.period_year
),

all_rows as (
  select * from staffing
  union all
  select * from coordination
  union all
  select * from reviews
  union all
  select period, unit_code, reporting_code, 'dialogue', 'duty', null, null, null, required, 0
  from dialogue_duties
  union all
  select
    duty.period,
    duty.unit_code,
    duty.reporting_code,
    'dialogue',
    held.activity_code,
    held._delivery_id,
    held._sheet,
    held._row,
    0,
    1
  from dialogues as held
  join dialogue_duties as duty
    on duty.period = held.period
    and duty.unit_code = held.unit_code
    and held.dialogue_no <= duty.required
)

select
  _delivery_id,
  _sheet,
  _row,
  unit_code,
  reporting_code,
  period as part,
  duty_code as detail,
  item_code,
  date '0001-01-01' as part_from,
  date '9999-12-31' as part_until,
  cast(required as bigint) as required,
  cast(done as bigint) as done
from all_rows
