-- Satisfaction by factor, by block and over all items (factor_code ALL), pooled over the items: answers that count as
-- satisfied / valid answers, with the Wilson 95 % interval of the pooled share (answers taken as independent).
-- Fewer than 30 respondents: figures are not published; 30 to 99: marked "mẫu nhỏ". Only items on the five-level scale.
-- vi: Mức độ hài lòng theo yếu tố, theo khối và chung (ALL): câu trả lời hài lòng trên câu trả lời hợp lệ, khoảng tin cậy Wilson 95 %.
-- grain: unit_code, period, questionnaire_id, factor_code
with pooled as (
  select
    unit_code,
    period,
    regexp_replace(detail, '\.[^.]*$', '') as questionnaire_id,
    regexp_extract(detail, '[^.]*$') as factor_code,
    cast(coalesce(sum(amount) filter (where measure = 'answers_satisfied'), 0) as bigint) as satisfied_count,
    cast(sum(amount) filter (where measure = 'answers_valid') as bigint) as valid_count,
    cast(sum(amount) filter (where measure = 'respondents') as bigint) as respondent_count
  from marts.measure_sums
  where measure in ('answers_satisfied', 'answers_valid', 'respondents')
    and detail is not null
    and span = 'period'
  group by unit_code, period, detail
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
