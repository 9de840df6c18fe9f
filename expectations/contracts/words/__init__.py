"""Every word that is shown to a person: one catalogue in Vietnamese and English, and the few functions that fill it."""
