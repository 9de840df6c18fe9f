-- Answers to the items of a questionnaire, counted by unit and period, where enough people answered. Answers that fewer than
-- `small_cell` gave are rolled up with their neighbours: within "satisfied" or "not satisfied" while that side is large enough (or
-- empty), else over the whole scale. Where the sum over a factor, which is published, would still tell what was rolled up to
-- within that number, all items of the factor are rolled up.
-- vi: Số câu trả lời theo đơn vị, kỳ, câu hỏi và mức trả lời; mức có quá ít câu trả lời được gộp với mức bên cạnh.
-- grain: unit_code, period, questionnaire_id, item_code, answer_from
-- column item_code: Mã câu hỏi · item of the questionnaire
-- column answer_from: Mức trả lời từ · lowest answer counted
-- column answer_to: Đến mức · highest answer counted
-- column answer_count: Số câu trả lời · answers from answer_from to answer_to
-- column valid_count: Số câu trả lời hợp lệ của câu hỏi · valid answers to the item
with said as (
  select
    response.unit_code,
    response.period,
    response.questionnaire_id,
    unnest(map_keys(response.answers)) as item_code,
    unnest(map_values(response.answers)) as answer
  from core.survey_responses_current as response
  where response.unit_code is not null
),

enough as (
  select unit_code, period, questionnaire_id
  from core.survey_responses_current
  group by unit_code, period, questionnaire_id
  having count(*) >= cast(setting('small_sample_hidden') as integer)
),

answered as (
  select
    said.unit_code,
    said.period,
    said.questionnaire_id,
    said.item_code,
    item.factor_code,
    item.scale_min,
    item.scale_max,
    item.satisfied_min,
    said.answer,
    count(*) as answer_count
  from said
  join enough using (unit_code, period, questionnaire_id)
  join ref.questionnaire_items as item
    on item.questionnaire_id = said.questionnaire_id
    and item.item_code = said.item_code
  where said.answer between item.scale_min and item.scale_max
    and said.answer = floor(said.answer)
  group by all
),

items as (
  select
    * exclude (answer, answer_count),
    sum(answer_count) as valid_count
  from answered
  group by all
),

scales as (
  select *, unnest(generate_series(cast(scale_min as integer), cast(scale_max as integer))) as level
  from items
),

levels as (
  select
    scales.*,
    coalesce(scales.level >= scales.satisfied_min, false) as is_satisfied,
    coalesce(answered.answer_count, 0) as answer_count
  from scales
  left join answered
    on answered.unit_code = scales.unit_code
    and answered.period = scales.period
    and answered.questionnaire_id = scales.questionnaire_id
    and answered.item_code = scales.item_code
    and answered.answer = scales.level
),

sides as (
  select
    unit_code,
    period,
    questionnaire_id,
    item_code,
    factor_code,
    is_satisfied,
    any_value(valid_count) as valid_count,
    sum(answer_count) as side_count,
    min(level) as first_level,
    max(level) as last_level,
    bool_or(answer_count between 1 and cast(setting('small_cell') as integer) - 1) as has_small_level
  from levels
  group by all
),

-- an item with a small side shows neither side
gathered as (
  select
    *,
    bool_or(side_count between 1 and cast(setting('small_cell') as integer) - 1) over own_item as is_whole
  from sides
  window own_item as (partition by unit_code, period, questionnaire_id, item_code)
),

-- what the published sum over the factor tells of the items that show neither side: their side sum together
pooled as (
  select
    *,
    sum(side_count) over own_side as pool,
    sum(valid_count) over own_side as pool_valid
  from gathered
  where is_whole
  window own_side as (partition by unit_code, period, questionnaire_id, factor_code, is_satisfied)
),

narrow as (
  select distinct unit_code, period, questionnaire_id, factor_code
  from pooled
  where least(pool, valid_count) - greatest(0, pool - (pool_valid - valid_count)) <= cast(setting('small_cell') as integer)
),

decided as (
  select
    gathered.*,
    gathered.is_whole or narrow.unit_code is not null as shows_neither
  from gathered
  left join narrow
    on narrow.unit_code = gathered.unit_code
    and narrow.period = gathered.period
    and narrow.questionnaire_id = gathered.questionnaire_id
    and narrow.factor_code is not distinct from gathered.factor_code
)

select
  levels.unit_code,
  levels.period,
  levels.questionnaire_id,
  levels.item_code,
  levels.factor_code,
  case
    when decided.shows_neither then cast(levels.scale_min as integer)
    when decided.has_small_level then decided.first_level
    else levels.level
  end as answer_from,
  case
    when decided.shows_neither then cast(levels.scale_max as integer)
    when decided.has_small_level then decided.last_level
    else levels.level
  end as answer_to,
  cast(sum(levels.answer_count) as bigint) as answer_count,
  cast(any_value(levels.valid_count) as bigint) as valid_count
from levels
join decided
  on decided.unit_code = levels.unit_code
  and decided.period = levels.period
  and decided.questionnaire_id = levels.questionnaire_id
  and decided.item_code = levels.item_code
  and decided.is_satisfied = levels.is_satisfied
group by all
