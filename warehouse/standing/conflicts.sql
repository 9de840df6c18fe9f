-- Deliveries of one feed, period and moment that say different things: none counts until a person accepts one.
-- vi: Các lần gửi cùng nguồn, kỳ và thời điểm nhưng khác số liệu; chờ người quyết định.
-- grain: feed, chain, delivery_id
select
  place.feed,
  place.chain,
  place.delivery_id,
  delivery.file_name,
  reading.effective_at,
  reading.rows_accepted
from ops.places as place
join ops.readings as reading using (reading_id)
join ops.landed as delivery on delivery.delivery_id = place.delivery_id
where place.outcome = 'conflict'
