-- Ratings at the one-stop unit row by row: answers on the scale of five, and of them 4 and 5; answers on the scale of three faces,
-- and of them the two upper ones. The two scales are never put onto each other.
-- vi: Từng dòng đánh giá tại bộ phận một cửa: số trả lời và số trả lời hài lòng, mỗi thang tính riêng.
-- grain: _delivery_id, _sheet, _row, field_name, scale_code
select
  said._delivery_id,
  said._sheet,
  said._row,
  said.field_name,
  said.scale_code,
  said.unit_code,
  place.rollup_code as reporting_code,
  said.period as part,
  cast(null as varchar) as detail,
  date '0001-01-01' as part_from,
  date '9999-12-31' as part_until,
  case
    when said.scale_code = 'five'
      then coalesce(said.step_1_count, 0) + coalesce(said.step_2_count, 0) + coalesce(said.step_3_count, 0)
        + coalesce(said.step_4_count, 0) + coalesce(said.step_5_count, 0)
    else 0
  end as rated_five,
  case when said.scale_code = 'five' then coalesce(said.step_4_count, 0) + coalesce(said.step_5_count, 0) else 0 end
    as satisfied_five,
  case
    when said.scale_code = 'three'
      then coalesce(said.dissatisfied_count, 0) + coalesce(said.content_count, 0) + coalesce(said.delighted_count, 0)
    else 0
  end as rated_three,
  case when said.scale_code = 'three' then coalesce(said.content_count, 0) + coalesce(said.delighted_count, 0) else 0 end
    as satisfied_three
from core.one_stop_ratings_current as said
join marts.unit_rollup as place
  on place.dataset = 'one_stop_ratings'
  and place.period = said.period
  and place.unit_code = said.unit_code
  and place.is_own
