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

-- A fixed text of the catalogue of words, for columns that hold nothing else.
create or replace temp macro word_vi(wanted) as (select text_vi from intermediate.words where word_key = wanted);

create or replace temp macro word_en(wanted) as (select text_en from intermediate.words where word_key = wanted);

-- The size of a simple random sample as precise as `people` respondents with several answers each: hits of trials over all of
-- them, sums over respondents of hits², hits × trials and trials². Never more than the answers, nor better than independent.
create or replace temp macro effective_size(hits, trials, people, hits_squared, crossed, trials_squared) as
  case
    when trials is null or trials = 0 then null
    when hits <= 0 or hits >= trials or people < 2 then least(people, trials)
    else least(
      trials * 1.0,
      (hits * 1.0 / trials) * (1 - hits * 1.0 / trials) * power(trials * 1.0, 2) * (people - 1) / nullif(people * (
        hits_squared
        - 2.0 * hits / trials * crossed
        + power(hits * 1.0 / trials, 2) * trials_squared
      ), 0)
    )
  end;

-- Standard normal tail P(Z > |z|); Abramowitz and Stegun, 26.2.17, error below 7.5e-8.
create or replace temp macro tail_series(t) as
  t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));

create or replace temp macro normal_tail(z) as
  exp(-z * z / 2) / 2.5066282746310002 * tail_series(1 / (1 + 0.2316419 * abs(z)));

-- Two-sided p of two shares (pooled score test), of sizes that may be effective ones. No difference possible: 1.
create or replace temp macro shares_p(hits_a, size_a, hits_b, size_b) as
  case
    when hits_a + hits_b <= 0 or hits_a + hits_b >= size_a + size_b then 1.0
    else least(1.0, 2 * normal_tail(
      (hits_a / size_a - hits_b / size_b)
      / sqrt((hits_a + hits_b) / (size_a + size_b) * (1 - (hits_a + hits_b) / (size_a + size_b)) * (1 / size_a + 1 / size_b))
    ))
  end;

-- Two-sided p that two counts over equal spans come from one rate: given their sum, each is binomial with 1/2
-- (J. Przyborowski, H. Wilenski, Biometrika 31 (1940)). Exact up to a sum of 1000, by the normal law with correction beyond.
create or replace temp macro counts_p(count_a, count_b) as
  case
    when count_a + count_b = 0 then 1.0
    when count_a + count_b > 1000
      then least(1.0, 2 * normal_tail(greatest(abs(count_a - count_b) - 1, 0) / sqrt(count_a + count_b)))
    else least(1.0, 2 * list_sum(list_transform(
      range(cast(greatest(count_a, count_b) as bigint), cast(count_a + count_b as bigint) + 1),
      lambda k: exp(
        lgamma(count_a + count_b + 1.0) - lgamma(k + 1.0) - lgamma(count_a + count_b - k + 1.0)
        - (count_a + count_b) * ln(2.0)
      )
    )))
  end;

-- p of the difference of two figures of one kind; points and days have no law of chance here: any difference counts. Null where a
-- share has no denominator on either side.
create or replace temp macro difference_p(value_unit, is_share, hits_a, size_a, hits_b, size_b) as
  case
    when is_share and not coalesce(size_a > 0 and size_b > 0, false) then null
    when value_unit not in ('%', 'count', 'persons')
      then case when if(is_share, abs(hits_a / size_a - hits_b / size_b), abs(hits_a - hits_b)) < 1e-9 then 1.0 else 0.0 end
    when is_share then shares_p(hits_a, size_a, hits_b, size_b)
    else counts_p(hits_a, hits_b)
  end;

-- Whether a value is where the target wants it; `ge` and `gt` with less being better do not load.
create or replace temp macro reaches(amount, operator, wanted) as
  case operator
    when 'eq' then abs(amount - wanted) < 1e-9
    when 'ge' then amount >= wanted - 1e-9
    when 'gt' then amount > wanted + 1e-9
    when 'le' then amount <= wanted + 1e-9
    when 'lt' then amount < wanted - 1e-9
  end;

-- The dataset that what a figure counts is sent as: the series of official forms come as one.
create or replace temp macro sent_as(series_name) as
  coalesce((select any_value(form.dataset) from ref.forms as form where form.series = series_name), series_name);
