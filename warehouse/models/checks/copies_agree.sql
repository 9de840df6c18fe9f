-- Two feeds hand over one publication and say different figures for one key: unit, period, index, method. left: the other copy;
-- right: the copy that counts. Silent where they are the same as far as both are printed.
-- vi: Hai bản của cùng một công bố phải cho cùng một số.
-- grain: unit_code, period, about_code, feed
-- rule: C16
-- severity: warning
-- datasets: index_scores
select
  'copies_differ' as check_name,
  'index_scores' as dataset,
  unit_code,
  period,
  concat_ws('.', index_code, figure, method_code) as about_code,
  other_value as left_value,
  value as right_value,
  other_feed as feed,
  other_delivery_id as delivery_id,
  feed as other_feed,
  delivery_id as other_delivery_id
from marts.score_copies
where not is_same
