-- Rows held back from each delivery's present reading, without their content.
-- vi: Dòng bị cách ly của bản đọc hiện hành, không kèm nội dung.
-- grain: delivery_id, sheet, row
select
  reading.delivery_id,
  reading.feed,
  reading.dataset,
  held.period,
  held.unit_code,
  held.sheet,
  held."row",
  held.row_key,
  held.rule_ids
from ops.reading_quarantine as held
join ops.current_readings as reading using (reading_id)
