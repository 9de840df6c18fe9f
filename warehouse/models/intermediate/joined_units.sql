-- The district level of a province that went over to this one, and that province itself: units that report in their own time and count
-- in this province's figures of every span that ends on joins_on or later, never in one that ends before.
-- vi: Tỉnh cũ khác nhập vào tỉnh này và các huyện của nó: chỉ cộng vào số liệu của tỉnh ở các khoảng kết thúc từ ngày nhập trở đi.
-- grain: unit_code
with districts as (
  select distinct
    former.unit_code,
    former.parent_code as former_province_code,
    drawn.valid_from as joins_on
  from ref.former_districts as drawn
  join ref.units as heir
    on heir.unit_code = drawn.unit_code
    and heir.valid_from <= drawn.valid_from
    and drawn.valid_from < coalesce(heir.valid_to, date 'infinity')
  join ref.units as former
    on former.unit_code = drawn.district_code
    and former.valid_from < drawn.valid_from
    and drawn.valid_from <= former.valid_to
  where heir.parent_code = setting('province_code')
    and former.parent_code <> setting('province_code')
)

select unit_code, former_province_code, joins_on
from districts
union
select former_province_code, former_province_code, joins_on
from districts
