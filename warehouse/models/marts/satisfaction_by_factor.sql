-- Satisfaction by factor, by block and over all items (factor_code ALL), pooled over the items: answers that count as
-- satisfied / valid answers, with the Wilson 95 % interval of the pooled share (answers taken as independent).
-- Fewer than 30 respondents: figures are not published; 30 to 99: marked "mẫu nhỏ". Only items on the five-level scale.
-- vi: Mức độ hài lòng theo yếu tố, theo khối và chung (ALL): câu trả lời hài lòng trên câu trả lời hợp lệ, khoảng tin cậy Wilson 95 %.
-- grain: unit_code, period, questionnaire_id, factor_code
with valid_answers as (
  select
    answer.unit_code,
    answer.period as part,
    answer.questionnaire_id,
    concat_ws('/', answer._delivery_id, answer.unit_code, answer.response_code) as respondent,
    item.block,
    item.factor_code,
    answer.answer >= item.satisfied_min as is_satisfied
  from core.survey_answers as answer
  join ref.questionnaire_items as item
    on item.questionnaire_id = answer.questionnaire_id
    and item.item_code = answer.item_code
    and item.scale_min = 1
    and item.scale_max = 5
  where answer.answer between item.scale_min and item.scale_max
    and answer.answer = floor(answer.answer)
),

by_respondent as (
  select
    unit_code,
    part,
    questionnaire_id,
    block,
    factor_code,
    respondent,
    count(*) as valid_count,
    count(*) filter (where is_satisfied) as satisfied_count
  from valid_answers
  group by all
),

placed as (
  select
    placement.rollup_code,
    parts.period,
    answers.questionnaire_id,
    answers.block,
    answers.factor_code,
    answers.respondent,
    answers.valid_count,
    answers.satisfied_count
  from by_respondent as answers
  join marts.unit_rollup as placement
    on placement.dataset = 'survey_responses'
    and placement.period = answers.part
    and placement.unit_code = answers.unit_code
  join marts.period_parts as parts
    on parts.part = answers.part
    and parts.span = 'period'
),

pooled as (
  select
    rollup_code as unit_code,
    period,
    questionnaire_id,
    case
      when grouping(factor_code) = 0 then factor_code
      when grouping(block) = 0 then block
      else 'ALL'
    end as factor_code,
    cast(sum(satisfied_count) as bigint) as satisfied_count,
    cast(sum(valid_count) as bigint) as valid_count,
    count(distinct respondent) as respondent_count
  from placed
  group by grouping sets (
    (rollup_code, period, questionnaire_id, block, factor_code),
    (rollup_code, period, questionnaire_id, block),
    (rollup_code, period, questionnaire_id)
  )
  -- a questionnaire without blocks has one block ALL: its sum is the overall row
  having grouping(block) = 1 or grouping(factor_code) = 0 or block <> 'ALL'
),

labels as (
  select distinct questionnaire_id, factor_code, factor_vi, factor_en
  from ref.questionnaire_items
  union
  select distinct
    questionnaire_id,
    block,
    case block when 'CS' then 'Chính sách' when 'DV' then 'Dịch vụ hành chính công' else block end,
    case block when 'CS' then 'Policies' when 'DV' then 'Administrative services' else block end
  from ref.questionnaire_items
  where block <> 'ALL'
  union
  select distinct questionnaire_id, 'ALL', 'Chung', 'Overall'
  from ref.questionnaire_items
),

gated as (
  select
    pooled.*,
    labels.factor_vi,
    labels.factor_en,
    pooled.respondent_count >= cast(setting('small_sample_hidden') as integer) as is_publishable,
    cast(setting('interval_z') as double) as z
  from pooled
  join labels
    on labels.questionnaire_id = pooled.questionnaire_id
    and labels.factor_code = pooled.factor_code
)

select
  unit_code,
  period,
  questionnaire_id,
  factor_code,
  factor_vi,
  factor_en,
  case when is_publishable then satisfied_count end as satisfied_count,
  case when is_publishable then valid_count end as valid_count,
  case when is_publishable then share_pct(satisfied_count, valid_count) end as value,
  case when is_publishable then wilson_low(satisfied_count, valid_count, z) end as low,
  case when is_publishable then wilson_high(satisfied_count, valid_count, z) end as high,
  respondent_count,
  is_publishable,
  case
    when not is_publishable then 'dưới ngưỡng công bố'
    when respondent_count < cast(setting('small_sample_marked') as integer) then 'mẫu nhỏ'
  end as note_vi
from gated
