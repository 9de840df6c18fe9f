"""The assessment people read: its document, its page, its words."""
