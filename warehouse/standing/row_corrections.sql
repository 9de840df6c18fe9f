-- What corrections in force today do to rows: one row a row of a reading that is excluded or has other values.
-- vi: Tác động của các hiệu chỉnh đang có hiệu lực lên từng dòng.
-- grain: dataset, reading_id, sheet, row
select * from ops.row_corrections_at('infinity')
