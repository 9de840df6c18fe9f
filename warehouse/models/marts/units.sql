-- Every administrative unit and body of a province with its names and the days between which it is valid. Codes and names are used again: join by
-- code and day, never by code alone. unit_order is the customary one: province, city, town, districts; wards, townships,
-- communes; departments, boards, the centre, Party, Front, mass organisations.
-- vi: Đơn vị hành chính với tên gọi và thời gian hiệu lực; luôn nối theo mã và ngày.
-- grain: unit_code, valid_from
-- kind: view
select
  units.unit_code,
  units.name_vi as unit_vi,
  if(units.level = 'body', units.name_vi || ' (' || kinds.text_en || ')', units.short_name || ' ' || kinds.text_en) as unit_en,
  units.level,
  units.parent_code,
  units.valid_from,
  units.valid_to,
  list_position(
    [
      'tinh', 'thanh_pho', 'thi_xa', 'huyen', 'phuong', 'thi_tran', 'xa',
      'so', 'ban', 'trung_tam', 'dang', 'mat_tran', 'doan_the'
    ], units.kind
  ) * 1000000
    + if(
      units.level = 'body',
      dense_rank() over (partition by units.level order by units.unit_code),
      try_cast(units.unit_code as integer)
    ) as unit_order
from ref.units as units
left join intermediate.words as kinds on kinds.word_key = 'unit_kind.' || units.kind
