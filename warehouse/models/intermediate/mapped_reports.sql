-- Whether a span before a border was reported in full on the communes that a commune of after it is made of: every one of them
-- has rows for every month. Where a district reported for them as one, it was not.
-- vi: Kỳ trước khi sắp xếp có đủ số liệu của mọi xã cũ hợp thành xã mới hay không.
-- grain: dataset, period, span, unit_code
with months as (
  select distinct
    reported.dataset,
    passed.successor_code as unit_code,
    passed.unit_code as former_code,
    passed.passes_on,
    cast(unnest(generate_series(parts.first_day, parts.last_day, interval 1 month)) as date) as month_start
  from intermediate.reported_parts as reported
  join intermediate.unit_successors as passed
    on passed.period = reported.period
    and passed.unit_code = reported.unit_code
  join ref.periods as parts
    on parts.regime = 'CALENDAR'
    and parts.period = reported.period
),

made_of as (
  select new_code as unit_code, valid_from, count(*) as commune_count
  from ref.mapped_units
  group by new_code, valid_from
)

select
  spans.dataset,
  spans.period,
  spans.span,
  months.unit_code,
  count(*) = any_value(made_of.commune_count) * (datediff('month', spans.first_day, spans.last_day) + 1) as is_whole
from intermediate.dataset_spans as spans
join months
  on months.dataset = spans.dataset
  and months.month_start between spans.first_day and spans.last_day
  and spans.last_day < months.passes_on
join made_of
  on made_of.unit_code = months.unit_code
  and made_of.valid_from = months.passes_on
group by spans.dataset, spans.period, spans.span, months.unit_code, spans.first_day, spans.last_day
