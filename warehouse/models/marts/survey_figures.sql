-- Indicators from survey responses: SA04 (five factors of administrative services pooled: <questionnaire>.DV, and each factor),
-- SA05 (valid forms among the forms received; forms issued are not reported), SA06 (no harassment by officials).
-- Fewer than 30 respondents: suppressed, no figure leaves.
-- vi: Chỉ số tính từ phiếu khảo sát: SA04, SA05, SA06; dưới 30 phiếu thì không công bố.
-- grain: indicator_code, definition_id, unit_code, period
with harassment as (
  select
    placement.rollup_code as unit_code,
    parts.period,
    count(*) as answer_count,
    count(*) filter (where response.harassment_code = '1') as none_count,
    count(*) filter (where response.harassment_code = '2') as some_count,
    count(*) filter (where response.harassment_code = '3') as many_count
  from core.survey_responses_current as response
  join marts.unit_rollup as placement
    on placement.dataset = 'survey_responses'
    and placement.period = response.period
    and placement.unit_code = response.unit_code
  join marts.period_parts as parts
    on parts.part = response.period
    and parts.span = 'period'
  where response.harassment_code in ('1', '2', '3')
  group by placement.rollup_code, parts.period
),

standing_deliveries as (
  select delivery_id
  from ops.deliveries
  where dataset = 'survey_responses'
    and status = 'loaded'
  qualify row_number() over (partition by feed, periods order by effective_at desc, load_no desc) = 1
),

forms as (
  select period, unit_code, true as is_valid
  from core.survey_responses_current
  union all
  select quarantine.period, quarantine.unit_code, false
  from ops.quarantine as quarantine
  join standing_deliveries on standing_deliveries.delivery_id = quarantine.delivery_id
  where quarantine.dataset = 'survey_responses'
),

form_sums as (
  select
    placement.rollup_code as unit_code,
    parts.period,
    count(*) filter (where forms.is_valid) as valid_count,
    count(*) as received_count
  from forms
  join marts.unit_rollup as placement
    on placement.dataset = 'survey_responses'
    and placement.period = forms.period
    and placement.unit_code = forms.unit_code
  join marts.period_parts as parts
    on parts.part = forms.period
    and parts.span = 'period'
  group by placement.rollup_code, parts.period
),

figures as (
  select
    'SA04' as indicator_code,
    questionnaire_id || '.' || factor_code as definition_id,
    unit_code,
    period,
    satisfied_count as numerator,
    valid_count as denominator,
    respondent_count as sample_size,
    json_object('respondents', respondent_count, 'factor_vi', factor_vi) as beside
  from marts.satisfaction_by_factor
  where factor_code = 'DV'
    or factor_code like 'DV\_%' escape '\'
  union all
  select
    'SA06',
    'CATALOGUE',
    unit_code,
    period,
    none_count,
    answer_count,
    answer_count,
    case
      when answer_count >= cast(setting('small_sample_hidden') as integer)
        then json_object('none', none_count, 'some', some_count, 'many', many_count)
    end
  from harassment
),

gated as (
  select
    *,
    sample_size >= cast(setting('small_sample_hidden') as integer) as is_publishable,
    cast(setting('interval_z') as double) as z
  from figures
)

select
  indicator_code,
  definition_id,
  unit_code,
  period,
  case when is_publishable then numerator end as numerator,
  case when is_publishable then denominator end as denominator,
  beside,
  case when is_publishable then share_pct(numerator, denominator) end as value,
  sample_size,
  case when is_publishable then wilson_low(numerator, denominator, z) end as low,
  case when is_publishable then wilson_high(numerator, denominator, z) end as high,
  not is_publishable as is_suppressed,
  case
    when not is_publishable then 'dưới ngưỡng công bố'
    when sample_size < cast(setting('small_sample_marked') as integer) then 'mẫu nhỏ'
  end as note_vi
from gated
union all
select
  'SA05',
  'FORMS_RECEIVED',
  unit_code,
  period,
  valid_count,
  received_count,
  null,
  share_pct(valid_count, received_count),
  received_count,
  null,
  null,
  false,
  'mẫu số là số phiếu nhận được; chưa có số phiếu phát ra'
from form_sums
