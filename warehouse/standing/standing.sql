-- Which reading counts for a feed and period today: a query over readings and decisions, never stored.
-- vi: Bản đọc đang được dùng cho từng nguồn và kỳ, tính từ các lần gửi và quyết định.
-- grain: feed, period
select * from ops.standing_at('infinity', 'infinity')
