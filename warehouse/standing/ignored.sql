-- Ignored rows of each delivery's present reading, by reason.
-- vi: Dòng bỏ qua theo lý do của bản đọc hiện hành.
-- grain: delivery_id, reason
select reading.delivery_id, ignored.reason, ignored.rows
from ops.reading_ignored as ignored
join ops.current_readings as reading using (reading_id)
