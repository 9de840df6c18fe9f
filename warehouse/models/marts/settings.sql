-- Parameters of the models: the value in ref.settings (set in the home folder's danvan.toml), else the default.
-- vi: Tham số của các mô hình: giá trị đặt trong ref.settings, nếu không có thì mặc định.
-- grain: name
-- column value: Giá trị tham số · value of the parameter, as text
with defaults (name, default_value, meaning_vi, meaning_en) as (
  values
    ('province_code', '33', 'Mã tỉnh được đánh giá', 'the province that is assessed'),
    ('coverage_gate_pct', '90', 'Ngưỡng độ bao phủ', 'below this coverage nothing is decided'),
    ('small_sample_hidden', '30', 'Dưới số phiếu này thì không công bố', 'fewer respondents: not published'),
    ('small_cell', '5', 'Dưới số này thì không công bố số đếm', 'smaller counts of protected cases: not published'),
    ('small_sample_marked', '100', 'Dưới số phiếu này thì ghi mẫu nhỏ', 'fewer respondents: marked as a small sample'),
    ('interval_z', '1.959963984540054', 'Hệ số khoảng tin cậy 95 %', 'two-sided 95 % quantile of the normal law'),
    ('long_running_days', '365', 'Số ngày để coi là kéo dài', 'open longer than this after acceptance: long-running'),
    ('plan_due_month', '3', 'Tháng hết hạn ban hành kế hoạch năm', 'month of the day by which the yearly plan is due'),
    ('plan_due_day', '31', 'Ngày hết hạn ban hành kế hoạch năm', 'day of the month by which the yearly plan is due'),
    ('plan_levels', 'district commune', 'Các cấp phải có kế hoạch', 'levels whose bodies must have a plan'),
    ('too_good_quarters', '4', 'Số quý liền 100 % thì gắn cờ', 'quarters at 100 % that raise the too-good flag'),
    ('too_good_volume', '1000', 'Khối lượng tối thiểu để gắn cờ', 'volume above which they do'),
    ('significance_pct', '5', 'Mức ý nghĩa của phép kiểm, %', 'level of the tests: what chance gives more often is no change'),
    ('small_denominator', '30', 'Mẫu số tối thiểu để đánh giá biến động', 'smaller denominators: movement is not judged'),
    ('key_figures', '', 'Chỉ tiêu của phần tóm tắt', 'indicators of the briefing, in order'),
    ('step_quarters', '6', 'Số quý trước đó tối thiểu để xét thay đổi đột ngột', 'earlier quarters needed to judge a step'),
    ('step_deviations', '3', 'Số lần độ lệch trung vị bị coi là đột ngột', 'median deviations beyond which a move is a step'),
    ('step_least', '1', 'Độ lệch trung vị tối thiểu, điểm %', 'least median deviation, in points'),
    ('volume_fall_pct', '20', 'Khối lượng dưới tỷ lệ này của mức thường thì nghi thiếu', 'below this share of the usual volume it is suspected'),
    ('volume_least', '5', 'Mức thường tối thiểu để xét khối lượng giảm', 'usual volume from which a fall is looked at'),
    ('copied_figures', '8', 'Số giá trị khác nhau tối thiểu để nghi sao chép', 'different figures a row needs to be compared for copies'),
    ('assessed_by_register', '', 'Các chỉ số đánh giá theo từng hồ sơ thay cho biểu', 'indicators assessed by cases, not by the form; separated by blanks'),
    ('reconcile_tolerance', '1', 'Chênh lệch cho phép giữa biểu và hồ sơ, điểm %', 'points by which form and cases may differ'),
    ('material_points', '0.5', 'Thay đổi của tỷ lệ đã ký được coi là đáng kể, điểm %', 'a signed share that moves by so many points asks for a new signature'),
    ('material_pct', '1', 'Thay đổi của số đếm đã ký được coi là đáng kể, %', 'a signed count that moves by so many percent asks for a new signature'),
    ('assessed_spans', '2021..2025', 'Các giai đoạn được đánh giá như một kỳ', 'spans of years assessed as one period')
)

select
  defaults.name,
  coalesce(chosen.value, defaults.default_value) as value,
  chosen.value is null as is_default,
  defaults.meaning_vi,
  defaults.meaning_en
from defaults
left join ref.settings as chosen on chosen.name = defaults.name
