-- Macros the models share; temporary, so that a release carries tables only.

-- Wilson score interval of a share, in percent. E. B. Wilson, JASA 22 (1927), 209-212.
create or replace temp macro wilson_low(hits, trials, z) as
  case
    when trials > 0 then 100 * greatest(0,
      (hits + z * z / 2 - z * sqrt(hits * (trials - hits) * 1.0 / trials + z * z / 4)) / (trials + z * z))
  end;

create or replace temp macro wilson_high(hits, trials, z) as
  case
    when trials > 0 then 100 * least(1,
      (hits + z * z / 2 + z * sqrt(hits * (trials - hits) * 1.0 / trials + z * z / 4)) / (trials + z * z))
  end;

-- A share in percent; a denominator of 0 gives no value, never 0 %.
create or replace temp macro share_pct(part, whole) as 100.0 * part / nullif(whole, 0);

create or replace temp macro setting(wanted) as (select value from marts.settings where name = wanted);

-- 1234.5 -> 1.234,5 (Vietnamese) and 1,234.5 (English).
create or replace temp macro number_en(amount, decimals) as
  case decimals
    when 0 then format('{:,}', cast(round(amount) as bigint))
    when 1 then format('{:,.1f}', cast(amount as double))
    else format('{:,.2f}', cast(amount as double))
  end;

create or replace temp macro number_vi(amount, decimals) as translate(number_en(amount, decimals), ',.', '.,');

-- '= 100 %', '≥ 50 %', '> 98 %'; where less is better '≤ 5 %', '< 5 %'
create or replace temp macro target_words(op, target, unit, direction) as
  case
    when op = 'gt' then case when direction = 'down' then '< ' else '> ' end
    when op = 'ge' then case when direction = 'down' then '≤ ' else '≥ ' end
    else '= '
  end
  || case when target = floor(target) then number_vi(target, 0) else number_vi(target, 1) end
  || case when unit = '%' then ' %' else '' end;

-- Short Vietnamese and English name of a target's source: the text, article or index, without its remarks.
create or replace temp macro source_en(basis) as trim(regexp_replace(basis, '(:|;| \().*$', ''));

create or replace temp macro source_vi(basis) as
  regexp_replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    source_en(basis),
    'the notice, section ', 'Thông báo, mục '),
    'implied by ', 'suy ra từ mục '),
    ' and ', ' và '),
    'yearly review', 'yêu cầu sơ kết hằng năm (đề xuất)'),
    'the legal terms', 'thời hạn luật định'),
    ' index ', ', chỉ số '),
    ' Art. ', ', Điều '),
    'Law ', 'Luật '),
    'recalled', 'chưa kiểm chứng'),
    ' of ', ' ngày '),
    '^usual figure.*$', 'mức thường gặp trong kế hoạch của tỉnh');

-- 98,5 % with one decimal; two where one would hide on which side of the target the figure lies, or that it moved at all.
create or replace temp macro decimals_for(amount, target) as
  case when round(amount, 1) = target and amount <> target or (round(amount, 1) = 0 and amount <> 0) then 2 else 1 end;
