-- The delivery that stands for each feed and period: the query ops.standing, asked once for all models.
-- vi: Lần gửi đang có giá trị của từng nguồn và kỳ.
-- grain: feed, period
select dataset, feed, period, delivery_id
from ops.standing
