-- The readings that stand as of two moments, one row a feed and period, with the reading that holds their rows.
-- vi: Bản đọc được dùng cho mỗi nguồn và kỳ, tính tại hai thời điểm.
create or replace macro ops.standing_at(said, known) as table (
select
  place.feed,
  reading.dataset,
  part.period,
  place.delivery_id,
  place.reading_id,
  reading.rows_of,
  reading.effective_at,
  part.rows_accepted,
  part.rows_quarantined,
  part.rows_accepted = 0 and part.rows_quarantined = 0 as is_nil
from ops.places_at(said, known) as place
join ops.readings as reading using (reading_id)
join ops.reading_periods as part
  on part.reading_id = place.reading_id
  and (place.chain = '*' or part.period = place.chain)
where place.is_standing
)
