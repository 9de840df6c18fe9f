-- The 51 entries of the notice for every assessed unit and period, with status and a reason an official can read and sign.
-- met: every indicator with a deciding target reaches it and none gets worse; partly_met: some do, or there is no target but
-- the direction is right; not_met: none does and coverage passes the gate; not_enough_data wins over not_met; narrative:
-- entries that are not measured. Context indicators and those without a source are never scored.
-- vi: 51 mục của Thông báo theo đơn vị và kỳ: đạt, đạt một phần, chưa đạt, chưa đủ dữ liệu, định tính; kèm lý do và số liệu.
-- grain: goal_id, unit_code, period
with evidence as (
  select
    asked.goal_id,
    asked.position as figure_position,
    verdicts.*,
    verdicts.verdict not in ('no_source', 'context') as is_scored
  from ref.goal_indicators as asked
  join marts.indicator_verdicts as verdicts on verdicts.indicator_code = asked.indicator_code
),

-- figures of one dataset fall below the gate together: they are named in one sentence
uncovered as (
  select
    goal_id,
    unit_code,
    period,
    units_reporting,
    units_in_scope,
    min(figure_position) as first_position,
    string_agg(indicator_code, ', ' order by figure_position) as codes
  from evidence
  where verdict = 'low_coverage'
  group by all
),

uncovered_words as (
  select
    goal_id,
    unit_code,
    period,
    string_agg(
      codes || ': chưa đủ dữ liệu (' || coalesce(units_reporting, 0) || '/' || coalesce(units_in_scope, 0)
        || ' đơn vị báo cáo)',
      '; ' order by first_position
    ) as uncovered_vi,
    string_agg(
      codes || ': not enough data (' || coalesce(units_reporting, 0) || '/' || coalesce(units_in_scope, 0)
        || ' units reported)',
      '; ' order by first_position
    ) as uncovered_en
  from uncovered
  group by goal_id, unit_code, period
),

counted as (
  select
    goal_id,
    unit_code,
    period,
    min(coalesce(coverage_pct, 0)) filter (where is_scored) as coverage_pct,
    count(*) filter (where is_scored) as scored_count,
    count(*) filter (where verdict = 'met') as met_count,
    count(*) filter (where verdict = 'not_met') as not_met_count,
    count(*) filter (where verdict = 'low_coverage') as low_coverage_count,
    count(*) filter (where verdict in ('low_coverage', 'suppressed', 'not_due', 'too_good')) as blocking_count,
    count(*) filter (where verdict in ('better', 'kept')) as right_count,
    count(*) filter (where verdict = 'worse') as wrong_count,
    count(*) filter (where verdict = 'same') as same_count,
    count(*) filter (where movement = 'better' and is_scored) as better_count,
    count(*) filter (where movement = 'worse' and is_scored) as worse_count,
    count(*) filter (where movement is not null and is_scored) as moved_count,
    string_agg(phrase_vi, '; ' order by figure_position)
      filter (where verdict not in ('no_source', 'low_coverage')) as phrases_vi,
    string_agg(phrase_en, '; ' order by figure_position)
      filter (where verdict not in ('no_source', 'low_coverage')) as phrases_en,
    string_agg(indicator_code, ', ' order by figure_position) filter (where verdict = 'no_source') as sourceless_codes,
    bool_and(coalesce(target_source like 'the notice%', false)) as has_stated_target,
    to_json(list(
      struct_pack(
        indicator_code := indicator_code,
        definition_id := definition_id,
        value := value,
        numerator := numerator,
        denominator := denominator,
        target := target,
        target_op := target_op,
        target_certainty := target_certainty,
        target_source := target_source,
        previous_value := previous_value,
        verdict := verdict
      )
      order by figure_position
    )) as figures
  from evidence
  group by goal_id, unit_code, period
),

judged as (
  select
    goals.goal_id,
    goals.position as goal_position,
    units.unit_code,
    units.period,
    case
      when goals.measurability = 'N' then 'narrative'
      when counted.met_count > 0
        and counted.not_met_count + counted.blocking_count + counted.wrong_count = 0 then 'met'
      when counted.met_count > 0 then 'partly_met'
      when counted.not_met_count > 0 and counted.low_coverage_count = 0 then 'not_met'
      when counted.not_met_count > 0 then 'not_enough_data'
      when counted.right_count > 0 then 'partly_met'
      when counted.low_coverage_count = 0 and counted.wrong_count + counted.same_count > 0 then 'not_met'
      else 'not_enough_data'
    end as status,
    counted.coverage_pct,
    coalesce(counted.scored_count, 0) as scored_count,
    coalesce(counted.met_count, 0) as met_count,
    case
      when coalesce(counted.moved_count, 0) = 0 then null
      when counted.better_count > counted.worse_count then 'better'
      when counted.better_count < counted.worse_count then 'worse'
      else 'same'
    end as direction,
    concat_ws('; ', counted.phrases_vi, words.uncovered_vi) as phrases_vi,
    concat_ws('; ', counted.phrases_en, words.uncovered_en) as phrases_en,
    counted.sourceless_codes,
    coalesce(counted.has_stated_target, false) as has_stated_target,
    coalesce(counted.figures, cast('[]' as json)) as figures,
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
  left join uncovered_words as words
    on words.goal_id = goals.goal_id
    and words.unit_code = units.unit_code
    and words.period = units.period
),

worded as (
  select
    *,
    case
      when status = 'narrative' and narrative_vi is not null
        then 'Định tính: ' || narrative_vi || ' (' || narrative_author || ', '
          || strftime(narrative_entered_on, '%d/%m/%Y') || ').'
      when status = 'narrative' and goal_id = 'L1-k'
        then 'Định tính: mục này nói về hành vi của người dân, không chấm điểm; cần nội dung, người nhập và ngày nhập.'
      when status = 'narrative'
        then 'Định tính: không chấm điểm bằng số liệu; cần nội dung đánh giá, người nhập và ngày nhập.'
      else concat_ws(' ',
        case status
          when 'met' then 'Đạt:'
          when 'partly_met' then 'Đạt một phần:'
          when 'not_met' then 'Chưa đạt:'
          else 'Chưa đủ dữ liệu:'
        end,
        nullif(phrases_vi, '') || '.',
        case when scored_count = 0 and phrases_vi <> '' then 'Mục này không có chỉ số nào được chấm điểm.' end,
        case when phrases_vi = '' then 'chưa có' else 'Chưa có' end || ' nguồn số liệu cho ' || sourceless_codes || '.',
        case when not has_stated_target then 'Mục tiêu: không nêu trong Thông báo.' end
      )
    end as reason_vi,
    case
      when status = 'narrative' and narrative_vi is not null
        then 'Narrative, written in Vietnamese by ' || narrative_author || ' on '
          || strftime(narrative_entered_on, '%d/%m/%Y') || '.'
      when status = 'narrative' and goal_id = 'L1-k'
        then 'Narrative: this entry is about citizens’ behaviour and is never scored; text, author and date are needed.'
      when status = 'narrative'
        then 'Narrative: not scored from data; text, author and date are needed.'
      else concat_ws(' ',
        case status
          when 'met' then 'Met:'
          when 'partly_met' then 'Partly met:'
          when 'not_met' then 'Not met:'
          else 'Not enough data:'
        end,
        nullif(phrases_en, '') || '.',
        case when scored_count = 0 and phrases_en <> '' then 'No indicator of this entry is scored.' end,
        case when phrases_en = '' then 'no' else 'No' end || ' data source yet for ' || sourceless_codes || '.',
        case when not has_stated_target then 'Target: none stated in the Notice.' end
      )
    end as reason_en
  from judged
)

select
  now.goal_id,
  now.unit_code,
  now.period,
  now.status,
  now.reason_vi,
  now.reason_en,
  now.coverage_pct,
  now.scored_count,
  now.met_count,
  now.direction,
  before.status as previous_status,
  now.figures,
  now.narrative_vi,
  now.narrative_author,
  now.narrative_entered_on,
  now.goal_position
from worded as now
left join judged as before
  on before.goal_id = now.goal_id
  and before.unit_code = now.unit_code
  and before.period = now.previous_period
order by now.period, now.unit_code, now.goal_position
