-- Duties of the year against what was done by the end of the period, by assessed unit. plan, leader, helper, rules: bodies (the
-- unit and its communes) that fulfil it; a plan counts when dated by 31 March. coordination: the three pairs of bodies of the
-- assessed unit with a document for the year; review: documents reviewed in the year. dialogue: conferences held, capped
-- at the yearly duty of each body; a level without a stated duty asks for none. due_on: the day the duty falls due;
-- is_year_known: the year's files (or lists) so far are in, so that what is not there was not done.
-- vi: Nghĩa vụ trong năm so với kết quả đến cuối kỳ: kế hoạch, lãnh đạo, cán bộ giúp việc, quy chế, phối hợp, sơ kết, đối thoại.
-- grain: unit_code, period, duty_code
with bodies as (
  select
    periods.period,
    periods.period_year,
    place.unit_code,
    place.level,
    place.rollup_code as reporting_code
  from marts.periods as periods
  join marts.unit_rollup as place
    on place.dataset = 'activities'
    and place.period = periods.period
    and place.is_own
    and place.rollup_code <> setting('province_code')
),

plans as (
  select
    period,
    unit_code,
    bool_or(coalesce(
      document_on <= make_date(
        period_year, cast(setting('plan_due_month') as integer), cast(setting('plan_due_day') as integer)
      ),
      false
    )) as has_plan,
    bool_or(has_leader) as has_leader,
    bool_or(has_helper) as has_helper,
    bool_or(has_both_rules) as has_both_rules
  from marts.known_activities
  where kind_code = 'plan'
    and activity_year = period_year
  group by period, unit_code
),

scope_levels as (
  select unnest(string_split(setting('plan_levels'), ' ')) as level
),

staffing as (
  select
    bodies.reporting_code,
    bodies.period,
    duties.duty_code,
    count(*) as required_count,
    count(*) filter (
      where case duties.duty_code
        when 'plan' then plans.has_plan
        when 'leader' then plans.has_leader
        when 'helper' then plans.has_helper
        else plans.has_both_rules
      end
    ) as done_count
  from bodies
  cross join (values ('plan'), ('leader'), ('helper'), ('rules')) as duties (duty_code)
  left join plans
    on plans.period = bodies.period
    and plans.unit_code = bodies.unit_code
  where bodies.level in (select level from scope_levels)
  group by bodies.reporting_code, bodies.period, duties.duty_code
),

pairs_in_scope (party_a_code, party_b_code) as (
  values
    ('mass_mobilization', 'peoples_committee'),
    ('fatherland_front', 'peoples_committee'),
    ('fatherland_front', 'peoples_council')
),

agreements as (
  select
    agreement.period,
    agreement.unit_code,
    agreement.party_a_code,
    agreement.party_b_code,
    count(*) as document_count,
    count(*) filter (where year(agreement.reviewed_on) = agreement.period_year) as reviewed_count
  from marts.known_activities as agreement
  where agreement.kind_code = 'coordination'
    and agreement.activity_year = agreement.period_year
    and (agreement.document_no is not null or agreement.document_on is not null)
  group by all
),

coordination as (
  select
    bodies.reporting_code,
    bodies.period,
    count(*) as pair_count,
    count(agreements.document_count) as signed_pair_count,
    coalesce(sum(agreements.document_count), 0) as document_count,
    coalesce(sum(agreements.reviewed_count), 0) as reviewed_count
  from bodies
  cross join pairs_in_scope as pair
  left join agreements
    on agreements.period = bodies.period
    and agreements.unit_code = bodies.unit_code
    and agreements.party_a_code = pair.party_a_code
    and agreements.party_b_code = pair.party_b_code
  where bodies.unit_code = bodies.reporting_code
  group by bodies.reporting_code, bodies.period
),

held_dialogues as (
  select period, unit_code, count(*) as held_count
  from marts.known_activities
  where kind_code = 'dialogue'
    and activity_year = period_year
  group by period, unit_code
),

-- the duty of a body itself goes before that of its level
dialogue_duties as (
  select
    bodies.period,
    bodies.unit_code,
    bodies.reporting_code,
    coalesce(duty.required_per_year, 0) as required_count
  from bodies
  join marts.periods as periods on periods.period = bodies.period
  left join ref.dialogue_duties as duty
    on duty.level = bodies.level
    and (duty.unit_code is null or duty.unit_code = bodies.unit_code)
    and duty.valid_from <= periods.last_day
    and (duty.valid_to is null or periods.last_day < duty.valid_to)
  qualify row_number() over (
    partition by bodies.period, bodies.unit_code
    order by duty.unit_code nulls last, duty.valid_from desc
  ) = 1
),

dialogues as (
  select
    bodies.reporting_code,
    bodies.period,
    sum(bodies.required_count) as required_count,
    sum(least(coalesce(held.held_count, 0), bodies.required_count)) as done_count
  from dialogue_duties as bodies
  left join held_dialogues as held
    on held.period = bodies.period
    and held.unit_code = bodies.unit_code
  group by bodies.reporting_code, bodies.period
),

by_unit as (
  select reporting_code, period, duty_code, required_count, done_count
  from staffing
  union all
  select reporting_code, period, 'coordination', pair_count, signed_pair_count
  from coordination
  union all
  select reporting_code, period, 'review', document_count, reviewed_count
  from coordination
  union all
  select reporting_code, period, 'dialogue', required_count, done_count
  from dialogues
),

-- Lists (plans, agreements) speak for the year once they have come; dialogues only when every part of the year has.
listed as (
  select distinct period, reporting_code, kind_code
  from marts.known_activities
  where activity_year = period_year
),

reported_parts as (
  select
    parts.period,
    coverage.unit_code,
    count(*) filter (where coverage.units_reporting = 1) as reported_count
  from marts.period_parts as parts
  join marts.coverage as coverage
    on coverage.dataset = 'activities'
    and coverage.period = parts.part
  join marts.periods as part on part.period = parts.part
  where parts.span = 'year_to_date'
    and part.period_kind = 'quarter'
  group by parts.period, coverage.unit_code
),

known as (
  select
    by_unit.*,
    periods.period_year,
    coalesce(reported.reported_count, 0) > 0 or listed.kind_code is not null as has_reported,
    coalesce(reported.reported_count = ceil(month(periods.last_day) / 3.0), false)
    or (by_unit.duty_code <> 'dialogue' and listed.kind_code is not null) as is_year_known
  from by_unit
  join marts.periods as periods on periods.period = by_unit.period
  left join reported_parts as reported
    on reported.period = by_unit.period
    and reported.unit_code = by_unit.reporting_code
  left join listed
    on listed.period = by_unit.period
    and listed.reporting_code = by_unit.reporting_code
    and listed.kind_code = case
      when by_unit.duty_code in ('plan', 'leader', 'helper', 'rules') then 'plan'
      when by_unit.duty_code in ('coordination', 'review') then 'coordination'
      else 'dialogue'
    end
),

by_rollup as (
  select
    case when level.is_province then setting('province_code') else known.reporting_code end as unit_code,
    known.period,
    known.duty_code,
    cast(sum(known.required_count) as bigint) as required_count,
    cast(sum(known.done_count) as bigint) as done_count,
    bool_or(known.has_reported) as has_reported,
    share_pct(count(*) filter (where known.is_year_known), count(*))
      >= cast(setting('coverage_gate_pct') as double) as is_year_known
  from known
  cross join (values (false), (true)) as level (is_province)
  group by 1, known.period, known.duty_code
)

select
  duties.unit_code,
  duties.period,
  duties.duty_code,
  duties.required_count,
  duties.done_count,
  share_pct(duties.done_count, duties.required_count) as value,
  case
    when duties.duty_code in ('plan', 'leader', 'helper', 'rules')
      then make_date(
        periods.period_year, cast(setting('plan_due_month') as integer), cast(setting('plan_due_day') as integer)
      )
    else make_date(periods.period_year, 12, 31)
  end as due_on,
  duties.has_reported,
  duties.is_year_known
from by_rollup as duties
join marts.periods as periods on periods.period = duties.period
