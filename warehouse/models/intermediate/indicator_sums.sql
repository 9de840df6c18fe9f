-- Numerator, denominator, sample and what is shown beside of every definition, for every unit and period with rows of its dataset,
-- before anything is withheld: what the values, their comparison and their intervals are made from. effective_size is the size of
-- a simple random sample as precise as this one: answers of one respondent hang together, so the respondent is the sampling unit
-- (variance of a ratio with the respondents as clusters; W. G. Cochran, Sampling Techniques, 3rd ed., 1977, section 6.3).
-- An indicator that counts bodies adds them to the sums of the province, which hold none of them.
-- vi: Tử số, mẫu số, cỡ mẫu của từng định nghĩa theo đơn vị và kỳ, trước khi ẩn số liệu nhỏ; người trả lời là đơn vị lấy mẫu.
-- grain: indicator_code, definition_id, unit_code, period
with terms as (
  select
    definitions.*,
    terms.part,
    terms.position,
    terms.measure,
    terms.factor,
    terms.label,
    measures.dataset,
    measures.kind
  from marts.definitions as definitions
  join ref.indicator_terms as terms
    on terms.indicator_code = definitions.indicator_code
    and terms.definition_id = definitions.term_id
  join ref.measures as measures on measures.measure = terms.measure
),

-- is_mapped: of a period before its unit began, made of the communes that went over to it whole
all_sums as (
  select unit_code, period, span, dataset, measure, detail, amount, false as is_mapped, false as is_of_body
  from marts.measure_sums
  union all
  select unit_code, period, span, dataset, measure, detail, amount, true, false
  from intermediate.mapped_sums
  union all
  select setting('province_code'), period, span, dataset, measure, detail, amount, false, true
  from marts.measure_sums
  where is_body(unit_code)
),

-- What is of a body counts only where bodies count: said as `is_of_body <= counts_bodies`, which joins by hashes (an `or` of both
-- sides looks at every pair).
-- a dataset with any row for a unit and span has figures there, and what it holds none of is 0
held as (
  select distinct dataset, span, unit_code, period, detail, is_mapped, is_of_body
  from all_sums
),

present as (
  select distinct
    terms.indicator_code,
    terms.term_id,
    held.unit_code,
    held.period,
    held.is_mapped,
    case when terms.breakdown is not null then held.detail end as detail
  from held
  join (select distinct indicator_code, term_id, dataset, span, breakdown, counts_bodies from terms) as terms
    on terms.dataset = held.dataset
    and terms.span = held.span
    and held.is_of_body <= terms.counts_bodies
    and case
      when terms.breakdown is null then held.detail is null
      else regexp_matches(regexp_extract(held.detail, '[^.]*$'), terms.breakdown)
    end
),

parts as (
  select
    present.indicator_code,
    present.term_id,
    present.unit_code,
    present.period,
    present.detail,
    present.is_mapped,
    terms.part,
    terms.label,
    min(terms.position) as position,
    -- nothing of a kind counts 0; the middle of nothing is nothing
    case
      when bool_or(terms.kind = 'median') and count(sums.amount) = 0 then null
      else cast(coalesce(sum(sums.amount * terms.factor), 0) as bigint)
    end as amount,
    cast(coalesce(sum(sums.amount) filter (where terms.measure = terms.sample_measure), 0) as bigint) as sample
  from present
  join terms
    on terms.indicator_code = present.indicator_code
    and terms.term_id = present.term_id
  left join all_sums as sums
    on sums.measure = terms.measure
    and sums.is_mapped = present.is_mapped
    and sums.unit_code = present.unit_code
    and sums.period = present.period
    and sums.span = terms.span
    and sums.is_of_body <= terms.counts_bodies
    and sums.detail is not distinct from present.detail
  group by all
),

counted as (
  select
    indicator_code,
    term_id,
    unit_code,
    period,
    detail,
    is_mapped,
    max(amount) filter (where part = 'numerator') as numerator,
    max(amount) filter (where part = 'denominator') as denominator,
    max(amount) filter (where part = 'numerator_squared') as numerator_squared,
    max(amount) filter (where part = 'crossed') as crossed,
    max(amount) filter (where part = 'denominator_squared') as denominator_squared,
    max(sample) as sample,
    list_sort(list(struct_pack(place := position, k := label, v := amount)) filter (where part = 'beside')) as beside
  from parts
  group by all
)

select
  counted.indicator_code,
  coalesce(counted.detail, counted.term_id) as definition_id,
  counted.unit_code,
  counted.period,
  counted.term_id,
  case when definitions.is_floored then greatest(counted.numerator, 0) else counted.numerator end as numerator,
  counted.denominator,
  case when definitions.sample_measure is null then counted.denominator else counted.sample end as sample_size,
  case
    when definitions.interval = 'clustered'
      then effective_size(
        counted.numerator, counted.denominator, counted.sample,
        counted.numerator_squared, counted.crossed, counted.denominator_squared
      )
    else counted.denominator
  end as effective_size,
  list_transform(counted.beside, lambda one: struct_pack(k := one.k, v := one.v)) as beside,
  counted.is_mapped
from counted
join marts.definitions as definitions
  on definitions.indicator_code = counted.indicator_code
  and definitions.term_id = counted.term_id
