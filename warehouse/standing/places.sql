-- What became of every delivery in its chain, today: see ops.places_at(said, known).
-- vi: Vị trí của từng lần gửi trong chuỗi cùng nguồn và kỳ, và kết quả (được dùng, bị thay, tạm giữ).
-- grain: feed, chain, delivery_id
select * from ops.places_at('infinity', 'infinity')
