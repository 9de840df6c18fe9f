-- Satisfaction by factor, by block and over all items (factor_code ALL), pooled over the items: answers that count as
-- satisfied / valid answers, with the Wilson 95 % interval of the pooled share, the respondent
-- being the sampling unit (answers of one person hang together).
-- Fewer than 30 respondents: figures are not published; 30 to 99: marked "mẫu nhỏ". Only items on the five-level scale.
-- vi: Mức độ hài lòng theo yếu tố, theo khối và chung (ALL): câu trả lời hài lòng trên câu trả lời hợp lệ, khoảng tin cậy Wilson 95 % theo người trả lời.
-- grain: unit_code, period, questionnaire_id, factor_code
with pooled as (
  select
    unit_code,
    period,
    regexp_replace(detail, '\.[^.]*$', '') as questionnaire_id,
    regexp_extract(detail, '[^.]*$') as factor_code,
    cast(coalesce(sum(amount) filter (where measure = 'answers_satisfied'), 0) as bigint) as satisfied_count,
    cast(sum(amount) filter (where measure = 'answers_valid') as bigint) as valid_count,
    cast(sum(amount) filter (where measure = 'respondents') as bigint) as respondent_count,
    sum(amount) filter (where measure = 'answers_satisfied_squared') as satisfied_squared,
    sum(amount) filter (where measure = 'answers_crossed') as crossed,
    sum(amount) filter (where measure = 'answers_valid_squared') as valid_squared
  from marts.measure_sums
  where measure in (
    'answers_satisfied', 'answers_valid', 'respondents',
    'answers_satisfied_squared', 'answers_crossed', 'answers_valid_squared'
  )
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
    coalesce(word_vi('block.' || block), block),
    coalesce(word_en('block.' || block), block)
  from ref.questionnaire_items
  where block <> 'ALL'
  union
  select distinct questionnaire_id, 'ALL', word_vi('block.ALL'), word_en('block.ALL')
  from ref.questionnaire_items
),

gated as (
  select
    pooled.*,
    labels.factor_vi,
    labels.factor_en,
    pooled.respondent_count >= cast(setting('small_sample_hidden') as integer) as is_publishable,
    effective_size(
      pooled.satisfied_count, pooled.valid_count, pooled.respondent_count,
      pooled.satisfied_squared, pooled.crossed, pooled.valid_squared
    ) as effective_size,
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
  case when is_publishable then wilson_low(satisfied_count * effective_size / nullif(valid_count, 0), effective_size, z) end as low,
  case when is_publishable then wilson_high(satisfied_count * effective_size / nullif(valid_count, 0), effective_size, z) end as high,
  respondent_count,
  is_publishable,
  case
    when not is_publishable then word_vi('note.suppressed')
    when respondent_count < cast(setting('small_sample_marked') as integer) then word_vi('note.small_sample')
  end as note_vi
from gated
