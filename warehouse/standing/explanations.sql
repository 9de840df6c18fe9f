-- What was said of findings: the latest explanation of each, and what a reviewer made of it since. state: waiting, accepted,
-- not_accepted, ask (more is asked), expired (until_on has passed). Only soft findings (warnings) can be explained; the figures are the
-- same with or without.
-- vi: Giải trình của đơn vị về từng phát hiện và kết quả xem xét.
-- grain: finding_id
with explained as (
  select
    finding_id,
    max(decided_at) as explained_at,
    arg_max({'by': decided_by, 'said': reason, 'until_on': until_on}, decided_at) as latest
  from ops.decisions
  where kind = 'explain'
  group by finding_id
),

reviewed as (
  select
    review.finding_id,
    max(review.decided_at) as reviewed_at,
    arg_max({'by': review.decided_by, 'said': review.reason, 'outcome': review.outcome}, review.decided_at) as latest
  from ops.decisions as review
  join explained using (finding_id)
  where review.kind = 'review'
    and review.decided_at >= explained.explained_at
  group by review.finding_id
)

select
  explained.finding_id,
  explained.latest.said as explanation,
  explained.latest.by as explained_by,
  explained.explained_at,
  explained.latest.until_on as until_on,
  case
    when explained.latest.until_on < ops.today() then 'expired'
    else coalesce(reviewed.latest.outcome, 'waiting')
  end as state,
  reviewed.latest.outcome as outcome,
  reviewed.latest.by as reviewed_by,
  reviewed.reviewed_at,
  reviewed.latest.said as review
from explained
left join reviewed using (finding_id)
