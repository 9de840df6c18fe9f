"""stub"""
from __future__ import annotations
def seed_all(deliveries): return deliveries, []
def rows(ledger): return [{"defect_id":""}]
