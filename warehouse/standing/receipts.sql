-- The account of each delivery's present reading: rows_read = loaded + unchanged + quarantined + ignored.
-- vi: Biên nhận của bản đọc hiện hành: số dòng đọc = nạp + không đổi + cách ly + bỏ qua.
-- grain: delivery_id
select
  delivery_id,
  reading_id,
  feed,
  dataset,
  case
    when len(periods) < 2 then periods[1]
    else list_min(periods) || '..' || list_max(periods)
  end as period,
  rows_read,
  rows_loaded,
  rows_unchanged,
  rows_quarantined,
  rows_ignored,
  booked_at as loaded_at
from ops.current_readings
