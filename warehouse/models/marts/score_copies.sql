-- Two copies of one publication: every figure of a published index (unit, period, index, method) that the standing deliveries of two
-- feeds both give, side by side; first the copy that a figure takes of the two (the later publication, then the first delivery). What
-- only one of them gives is not here. is_same: they differ by no more than half a unit of the last decimal that both are printed with;
-- decimals: the fewer of the two, each the most that the copy prints of the figure in this index.
-- vi: Hai bản của cùng một công bố do hai nguồn gửi: từng số liệu có ở cả hai bản, có khớp hay không.
-- grain: unit_code, period, index_code, method_code, figure, feed, other_feed
-- column method_code: Phương pháp · method the figure was made by
-- column figure: Số liệu (cột của tập dữ liệu) · figure, a column of index_scores
-- column feed: Nguồn của bản được tính · feed of the copy that counts of the two
-- column delivery_id: Lần gửi của bản được tính · delivery of the copy that counts of the two
-- column value: Giá trị ở bản được tính · what the copy that counts says
-- column other_feed: Nguồn của bản còn lại · feed of the other copy
-- column other_delivery_id: Lần gửi của bản còn lại · delivery of the other copy
-- column other_value: Giá trị ở bản còn lại · what the other copy says
-- column decimals: Số chữ số thập phân chung · decimals that both copies are printed with
-- column is_same: Hai bản khớp nhau · whether both say the same, as far as they are printed
with figures as (
  select
    unit_code,
    period,
    index_code,
    method_code,
    published_on,
    _delivery_id as delivery_id,
    _row as row_no,
    unnest([
      'score',
      'part_1_score',
      'part_2_score',
      'part_3_score',
      'part_4_score',
      'part_5_score',
      'part_6_score',
      'part_7_score',
      'part_8_score',
      'part_9_score',
      'rank',
      'procedure_count',
      'published_in_term_count'
    ]) as figure,
    unnest([
      cast(score as double),
      cast(part_1_score as double),
      cast(part_2_score as double),
      cast(part_3_score as double),
      cast(part_4_score as double),
      cast(part_5_score as double),
      cast(part_6_score as double),
      cast(part_7_score as double),
      cast(part_8_score as double),
      cast(part_9_score as double),
      cast(rank as double),
      cast(procedure_count as double),
      cast(published_in_term_count as double)
    ]) as stated
  from core.index_scores_current
),

printed as (
  select
    figures.*,
    landed.feed,
    -- a sheet holds 81.2 as 81.2000000000001: six decimals are more than anybody publishes
    max(length(rtrim(split_part(cast(cast(figures.stated as decimal(18, 6)) as varchar), '.', 2), '0'))) over (
      partition by figures.delivery_id, figures.index_code, figures.figure
    ) as decimals
  from figures
  join ops.landed as landed on landed.delivery_id = figures.delivery_id
  where figures.stated is not null
),

placed as (
  select
    *,
    row_number() over (
      partition by unit_code, period, index_code, method_code, figure
      order by published_on desc nulls last, delivery_id, row_no
    ) as place
  from printed
),

compared as (
  select
    counted.*,
    other.feed as other_feed,
    other.delivery_id as other_delivery_id,
    other.stated as other_value,
    least(counted.decimals, other.decimals) as common_decimals
  from placed as counted
  join placed as other
    on other.unit_code = counted.unit_code
    and other.period = counted.period
    and other.index_code = counted.index_code
    and other.method_code is not distinct from counted.method_code
    and other.figure = counted.figure
    and other.place > counted.place
    and other.feed <> counted.feed
)

select
  unit_code,
  period,
  index_code,
  method_code,
  figure,
  feed,
  delivery_id,
  stated as value,
  other_feed,
  other_delivery_id,
  other_value,
  common_decimals as decimals,
  abs(stated - other_value) <= 0.5 * pow(10, -common_decimals) + 1e-9 as is_same
from compared
order by period, unit_code, index_code, method_code, figure, feed, other_feed
