-- Duties of the year against what was done by the end of the period, by assessed unit: the sums of measures.activity_duties,
-- whose description says how each is counted.
-- vi: Nghĩa vụ trong năm so với kết quả đến cuối kỳ theo đơn vị được đánh giá.
-- grain: unit_code, period, duty_code
with named as (
  select measure, detail as duty_code, amount_column
  from ref.measures
  where dataset = 'activity_duties'
)

select
  sums.unit_code,
  sums.period,
  named.duty_code,
  cast(sum(sums.amount) filter (where named.amount_column = 'required') as bigint) as required_count,
  cast(sum(sums.amount) filter (where named.amount_column = 'done') as bigint) as done_count,
  share_pct(
    sum(sums.amount) filter (where named.amount_column = 'done'),
    sum(sums.amount) filter (where named.amount_column = 'required')
  ) as value
from marts.measure_sums as sums
join named on named.measure = sums.measure
where sums.span = 'period'
group by all
