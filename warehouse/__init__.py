"""Where data live: schema, loading, SQL models, reference data, indicators, releases, reports."""
