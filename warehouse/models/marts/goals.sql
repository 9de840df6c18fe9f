-- The entries of the notice for every assessed unit and period: what is asked, who answers for it, the status, and the reason in
-- both languages. The figures behind a status are the rows of marts.figures whose indicators ref.goal_indicators names.
-- vi: Các mục của Thông báo theo đơn vị và kỳ: nội dung, cơ quan chịu trách nhiệm, mức đánh giá và căn cứ.
-- grain: goal_id, unit_code, period
-- kind: view
with bodies as (
  select
    goal_id,
    unnest(string_split(responsible, '; ')) as body,
    generate_subscripts(string_split(responsible, '; '), 1) as place
  from ref.goals
),

-- bodies are called as they are on the last day of the period
responsible as (
  select
    bodies.goal_id,
    periods.period,
    string_agg(coalesce(called.name_vi, bodies.body), '; ' order by bodies.place) as responsible
  from bodies
  cross join marts.periods as periods
  left join ref.responsible_bodies as called
    on called.body = bodies.body
    and (called.valid_from is null or called.valid_from <= periods.last_day)
    and periods.last_day < coalesce(called.valid_to, date 'infinity')
  group by bodies.goal_id, periods.period
)

select
  judged.goal_id,
  goals.quote_vi as goal_vi,
  goals.gloss_en as goal_en,
  judged.goal_kind,
  goals.section,
  goals.stream,
  judged.unit_code,
  unit.unit_vi,
  unit.unit_en,
  unit.level,
  judged.period,
  periods.period_vi,
  periods.period_en,
  periods.period_kind,
  judged.status,
  statuses.text_vi as status_vi,
  statuses.text_en as status_en,
  judged.reason_vi,
  judged.reason_en,
  judged.previous_status,
  judged.direction as movement,
  judged.coverage_pct,
  judged.decisive_count,
  judged.met_count,
  judged.supporting_count,
  judged.against_count,
  responsible.responsible,
  judged.narrative_vi,
  judged.goal_position as goal_order,
  unit.unit_order,
  periods.period_order
from marts.assessment as judged
join ref.goals as goals on goals.goal_id = judged.goal_id
join marts.periods as periods on periods.period = judged.period
left join marts.units as unit
  on unit.unit_code = judged.unit_code
  and unit.valid_from <= periods.last_day
  and periods.last_day < coalesce(unit.valid_to, date 'infinity')
left join intermediate.words as statuses on statuses.word_key = 'status.' || judged.status
left join responsible
  on responsible.goal_id = judged.goal_id
  and responsible.period = judged.period
