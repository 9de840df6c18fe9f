-- Open petitions on the last day of the period by kind and by age past the legal term. Bands in days past due: not_due,
-- 0-30, 31-60, 61-90, 91-180, 181-365, over_365; no_term where no rule was in force when the term would have started.
-- vi: Đơn chưa giải quyết tại ngày cuối kỳ theo loại và số ngày quá thời hạn luật định.
-- grain: unit_code, period, kind_code, age_band
select
  case when level.is_province then setting('province_code') else tally.unit_code end as unit_code,
  tally.period,
  tally.kind_code,
  tally.age_band,
  cast(sum(tally.open_count) as bigint) as open_count,
  cast(sum(tally.overdue_count) as bigint) as overdue_count,
  cast(sum(tally.long_running_count) as bigint) as long_running_count
from marts.petition_tally as tally
cross join (values (false), (true)) as level (is_province)
where tally.age_band <> 'closed'
  and (level.is_province or tally.unit_code <> setting('province_code'))
group by 1, tally.period, tally.kind_code, tally.age_band
