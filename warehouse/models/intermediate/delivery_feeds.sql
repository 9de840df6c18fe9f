-- Deliveries with the feed they came by, the moment they speak for and the regime their feed names (null: the contract's).
-- vi: Lần gửi theo nguồn cấp dữ liệu, thời điểm có hiệu lực và chế độ báo cáo mà nguồn khai (trống là theo hợp đồng).
-- grain: delivery_id
select
  delivery.delivery_id,
  delivery.dataset,
  delivery.feed,
  delivery.effective_at,
  named.regime
from ops.deliveries as delivery
left join intermediate.feed_regimes as named on named.feed = delivery.feed
