"""What data must look like: contracts, rules, Great Expectations suites, verdicts, findings, alerts."""
