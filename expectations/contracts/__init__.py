"""The vocabulary every room shares: contracts, rules, findings, periods, questionnaires and Vietnamese text keys."""
