-- The 56 entries of the notice for every assessed unit and period, with status and a reason an official can read and sign. The
-- status is that of the first row of ref.status_rules that fits what the goal's decisive and supporting indicators say
-- (ref.verdicts says what each verdict counts for); docs/assessment.md explains it with one worked goal.
-- vi: 56 mục của Thông báo theo đơn vị và kỳ: đạt, đạt một phần, chưa đạt, chưa đủ dữ liệu, theo dõi, định tính; kèm lý do và số liệu.
-- grain: goal_id, unit_code, period
-- words: goal_reasons
with evidence as (
  select
    goals.goal_id,
    goals.kind,
    asked.position as figure_position,
    case when findings.verdict = 'context' or findings.direction = 'context' then 'context' else asked.role end as role,
    findings.*,
    said.is_conclusive,
    said.is_open,
    said.is_against,
    case goals.kind
      when 'result' then said.good_result
      when 'limitation' then said.good_limitation
      else said.good_task
    end as good
  from ref.goal_indicators as asked
  join ref.goals as goals on goals.goal_id = asked.goal_id
  join marts.indicator_verdicts as findings on findings.indicator_code = asked.indicator_code
  join ref.verdicts as said on said.verdict = findings.verdict
),

counted as (
  select
    goal_id,
    unit_code,
    period,
    min(coalesce(coverage_pct, 0)) filter (where role <> 'context' and verdict <> 'no_source') as coverage_pct,
    count(*) filter (where role <> 'context') as scored_count,
    count(*) filter (where role = 'decisive') as decisive_count,
    count(*) filter (where role = 'decisive' and not is_conclusive) as open_decisive_count,
    count(*) filter (where role = 'decisive' and verdict = 'reached') as met_count,
    coalesce(sum(good) filter (where role = 'decisive'), 0) as good_sum,
    count(*) filter (where role = 'supporting' and (is_conclusive or is_open)) as supporting_count,
    count(*) filter (where role = 'supporting' and (is_against or is_open)) as against_count,
    count(*) filter (where role <> 'context' and movement = 'better') as better_count,
    count(*) filter (where role <> 'context' and movement = 'worse') as worse_count,
    count(*) filter (where role <> 'context' and movement is not null) as moved_count,
    bool_or(role = 'decisive' and is_target_deciding) as has_deciding_target,
    -- sorted as a whole: an aggregate with an order sorts every group by itself, at ten times the cost
    list_sort(list(
      struct_pack(
        place := figure_position,
        figure := struct_pack(
          indicator_code := indicator_code,
          role := role,
          definition_id := definition_id,
          value := value,
          numerator := numerator,
          denominator := denominator,
          target := target,
          target_op := target_op,
          target_certainty := target_certainty,
          target_source := target_source,
          previous_period := previous_period,
          previous_value := previous_value,
          verdict := verdict
        )
      )
    )) as placed_figures
  from evidence
  group by goal_id, unit_code, period
),

measured as (
  select
    goals.goal_id,
    goals.position as goal_position,
    goals.kind,
    units.unit_code,
    units.period,
    goals.measurability <> 'N' as is_measured,
    coalesce(counted.scored_count, 0) > 0 as is_scored,
    coalesce(counted.open_decisive_count, 0) > 0 as has_open_decisive,
    coalesce(100.0 * counted.met_count / nullif(counted.decisive_count, 0), 0) as reached_pct,
    coalesce(100.0 * counted.good_sum / nullif(counted.decisive_count, 0), 0) as good_pct,
    coalesce(100.0 * counted.against_count / nullif(counted.supporting_count, 0), 0) as against_pct,
    counted.coverage_pct,
    coalesce(counted.scored_count, 0) as scored_count,
    coalesce(counted.decisive_count, 0) as decisive_count,
    coalesce(counted.met_count, 0) as met_count,
    coalesce(counted.supporting_count, 0) as supporting_count,
    coalesce(counted.against_count, 0) as against_count,
    coalesce(counted.has_deciding_target, false) as has_deciding_target,
    case
      when coalesce(counted.moved_count, 0) = 0 then null
      when counted.better_count > counted.worse_count then 'better'
      when counted.better_count < counted.worse_count then 'worse'
      else 'same'
    end as direction,
    to_json(coalesce(list_transform(counted.placed_figures, lambda one: one.figure), [])) as figures,
    narratives.text_vi as narrative_vi,
    narratives.author as narrative_author,
    narratives.entered_on as narrative_entered_on,
    periods.previous_period
  from ref.goals as goals
  cross join marts.assessed_units as units
  join marts.periods as periods on periods.period = units.period
  left join counted
    on counted.goal_id = goals.goal_id
    and counted.unit_code = units.unit_code
    and counted.period = units.period
  left join ref.narratives as narratives
    on goals.measurability = 'N'
    and narratives.goal_id = goals.goal_id
    and narratives.unit_code = units.unit_code
    and narratives.period = units.period
),

judged as (
  select
    measured.*,
    rules.status,
    rules.position as rule_position
  from measured
  join ref.status_rules as rules
    on coalesce(rules.is_measured = measured.is_measured, true)
    and coalesce(rules.is_scored = measured.is_scored, true)
    and coalesce(rules.has_open_decisive = measured.has_open_decisive, true)
    and measured.reached_pct >= coalesce(rules.min_reached_pct, 0)
    and measured.good_pct >= coalesce(rules.min_good_pct, 0)
    and coalesce(measured.against_pct < rules.below_against_pct, true)
  qualify row_number() over (
    partition by measured.goal_id, measured.unit_code, measured.period
    order by rules.position
  ) = 1
)

select
  now.goal_id,
  now.unit_code,
  now.period,
  now.kind as goal_kind,
  now.status,
  now.rule_position,
  now.coverage_pct,
  now.scored_count,
  now.decisive_count,
  now.met_count,
  now.reached_pct,
  now.good_pct,
  now.supporting_count,
  now.against_count,
  now.against_pct,
  now.has_deciding_target,
  now.direction,
  before.status as previous_status,
  now.figures,
  now.narrative_vi,
  now.narrative_author,
  now.narrative_entered_on,
  now.goal_position
from judged as now
left join judged as before
  on before.goal_id = now.goal_id
  and before.unit_code = now.unit_code
  and before.period = now.previous_period
order by now.period, now.unit_code, now.goal_position
