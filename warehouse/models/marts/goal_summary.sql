-- How many entries of the notice stand in each status, by unit and period.
-- vi: Số mục của Thông báo theo từng mức đánh giá, đơn vị và kỳ.
-- grain: unit_code, period
select
  unit_code,
  period,
  count(*) as goal_count,
  count(*) filter (where status = 'met') as met_count,
  count(*) filter (where status = 'partly_met') as partly_met_count,
  count(*) filter (where status = 'not_met') as not_met_count,
  count(*) filter (where status = 'not_enough_data') as not_enough_data_count,
  count(*) filter (where status = 'monitored') as monitored_count,
  count(*) filter (where status = 'narrative') as narrative_count,
  count(*) filter (where direction = 'better') as better_count,
  count(*) filter (where direction = 'worse') as worse_count
from marts.assessment
group by unit_code, period
