"""Generator of the synthetic sample province: ten districts, three quarters, five datasets, and a ledger of defects."""
