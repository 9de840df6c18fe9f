-- Survey forms row by row: a form received (valid, or held back in quarantine), its answer on harassment, and by factor, block
-- and over all items (detail: questionnaire and factor, ALL for all) the answers that are valid and that count as satisfied, with
-- their squares and product, from which the spread between respondents follows.
-- Only items on the five-level scale. They belong to the period of their file: a survey speaks for its period.
-- vi: Từng phiếu khảo sát góp gì: phiếu nhận, phiếu hợp lệ, trả lời về phiền hà, câu trả lời hài lòng theo yếu tố và khối.
-- grain: _delivery_id, _sheet, _row, detail, response_code
with said as (
  select
    response._delivery_id,
    response._sheet,
    response._row,
    response.unit_code,
    response.period,
    response.response_code,
    response.questionnaire_id,
    unnest(map_keys(response.answers)) as item_code,
    unnest(map_values(response.answers)) as answer
  from core.survey_responses_current as response
),

by_factor as (
  select
    said._delivery_id,
    said._sheet,
    said._row,
    said.unit_code,
    said.period,
    said.response_code,
    said.questionnaire_id,
    item.block,
    item.factor_code,
    count(*) as valid,
    count(*) filter (where said.answer >= item.satisfied_min) as satisfied
  from said
  join ref.questionnaire_items as item
    on item.questionnaire_id = said.questionnaire_id
    and item.item_code = said.item_code
    and item.scale_min = 1
    and item.scale_max = 5
  where said.answer between item.scale_min and item.scale_max
    and said.answer = floor(said.answer)
  group by all
),

by_level as (
  select
    _delivery_id,
    _sheet,
    _row,
    unit_code,
    period,
    response_code,
    questionnaire_id || '.' || case
      when grouping(factor_code) = 0 then factor_code
      when grouping(block) = 0 then block
      else 'ALL'
    end as detail,
    cast(sum(valid) as bigint) as valid,
    cast(sum(satisfied) as bigint) as satisfied
  from by_factor
  group by grouping sets (
    (_delivery_id, _sheet, _row, unit_code, period, response_code, questionnaire_id, block, factor_code),
    (_delivery_id, _sheet, _row, unit_code, period, response_code, questionnaire_id, block),
    (_delivery_id, _sheet, _row, unit_code, period, response_code, questionnaire_id)
  )
  -- a questionnaire without blocks has one block ALL: its sum is the overall row
  having grouping(block) = 1 or grouping(factor_code) = 0 or block <> 'ALL'
),

contributions as (
  select
    _delivery_id,
    _sheet,
    _row,
    unit_code,
    period,
    response_code,
    cast(null as varchar) as detail,
    1 as received,
    1 as usable,
    cast(coalesce(harassment_code in ('1', '2', '3'), false) as bigint) as harassment_asked,
    cast(coalesce(harassment_code = '1', false) as bigint) as harassment_none,
    cast(coalesce(harassment_code = '2', false) as bigint) as harassment_some,
    cast(coalesce(harassment_code = '3', false) as bigint) as harassment_many,
    0 as respondent,
    0 as valid,
    0 as satisfied,
    0 as satisfied_squared,
    0 as crossed,
    0 as valid_squared
  from core.survey_responses_current
  union all
  select
    held.delivery_id,
    held.sheet,
    held.row,
    held.unit_code,
    held.period,
    null,
    null,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0
  from ops.quarantine as held
  join intermediate.standing_deliveries as standing
    on standing.delivery_id = held.delivery_id
    and standing.period = held.period
  where held.dataset = 'survey_responses'
  union all
  select
    _delivery_id,
    _sheet,
    _row,
    unit_code,
    period,
    response_code,
    detail,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    valid,
    satisfied,
    satisfied * satisfied,
    satisfied * valid,
    valid * valid
  from by_level
)

select
  contributions.* exclude (period),
  contributions.period as part,
  place.rollup_code as reporting_code,
  date '0001-01-01' as part_from,
  date '9999-12-31' as part_until
from contributions
join marts.unit_rollup as place
  on place.dataset = 'survey_responses'
  and place.period = contributions.period
  and place.unit_code = contributions.unit_code
  and place.is_own
