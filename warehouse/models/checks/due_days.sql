-- The due day a unit writes beside a petition is the one of the law that was in force when the term began (working days or calendar
-- days, longer for complex cases): of feedback the term of handling, of accepted cases that of resolution. One finding a unit and period.
-- left: petitions whose day is another; right: petitions with both days.
-- vi: Hạn giải quyết ghi trong sổ khác hạn tính theo luật.
-- grain: unit_code, period
-- rule: Q62
-- severity: warning
-- datasets: petitions
with compared as (
  select
    said.unit_code,
    said.period,
    said.due_on as written_on,
    case
      when terms.kind_code = 'feedback' then terms.intake_due_on
      when terms.accepted_on is not null then terms.resolution_due_on
    end as legal_on
  from core.petitions_current as said
  join core.petition_terms as terms
    on terms._delivery_id = said._delivery_id
    and terms._row = said._row
    and terms._sheet is not distinct from said._sheet
    and terms.petition_code = said.petition_code
)

select
  'due_days' as check_name,
  'petitions' as dataset,
  unit_code,
  period,
  cast(count(*) filter (where written_on <> legal_on) as double) as left_value,
  cast(count(*) as double) as right_value
from compared
where written_on is not null
  and legal_on is not null
group by unit_code, period
having count(*) filter (where written_on <> legal_on) > 0
