-- Items of the democracy checklist row by row: items of Article 11 to publish and those published within the term that runs from
-- the day they arose (an item without its two days cannot be shown to be in term); items of Article 25 to ask the people about;
-- villages and boards, and how many of them met or were active since 1 January, as of the end of the period.
-- vi: Từng nội dung dân chủ ở cơ sở: phải công khai, công khai đúng hạn, phải lấy ý kiến, đã lấy ý kiến; thôn và ban có hoạt động.
-- grain: _delivery_id, _sheet, _row, checklist_code
with items as (
  select
    said.*,
    place.rollup_code as reporting_code,
    item.kind as item_kind,
    item.article_no,
    coalesce(said.is_applicable, false) as is_due,
    coalesce(said.is_applicable and said.is_done, false) as is_met,
    coalesce(said.body_count, 0) as bodies,
    coalesce(said.active_count, 0) as active
  from core.democracy_items_current as said
  join marts.unit_rollup as place
    on place.dataset = 'democracy_items'
    and place.period = said.period
    and place.unit_code = said.unit_code
    and place.is_own
  join ref.checklist_items as item on item.item_code = said.checklist_code
),

terms as (
  select
    items.*,
    ref.due_date(items.arose_on, term.length_days, term.day_kind) as publish_by
  from items
  left join ref.deadlines as term
    on term.subject = 'commune_disclosure'
    and term.valid_from <= items.arose_on
    and items.arose_on < coalesce(term.valid_to, date 'infinity')
)

select
  _delivery_id,
  _sheet,
  _row,
  checklist_code,
  unit_code,
  reporting_code,
  period as part,
  cast(null as varchar) as detail,
  date '0001-01-01' as part_from,
  date '9999-12-31' as part_until,
  cast(item_kind = 'publish' and is_due as bigint) as items_to_publish,
  cast(item_kind = 'publish' and is_met as bigint) as items_published,
  cast(item_kind = 'publish' and is_met and coalesce(published_on <= publish_by, false) as bigint)
    as items_published_in_term,
  cast(item_kind = 'consult' and is_due as bigint) as items_to_consult,
  cast(item_kind = 'consult' and is_met as bigint) as items_consulted,
  case when article_no = 33 then bodies else 0 end as villages,
  case when article_no = 33 then active else 0 end as villages_met,
  case when item_kind = 'count' and article_no <> 33 then bodies else 0 end as boards,
  case when item_kind = 'count' and article_no <> 33 then active else 0 end as boards_active
from terms
