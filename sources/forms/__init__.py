"""Official forms: recognised by their headers, read by tables, refused when unknown or changed."""

from sources.forms.reading import FormBook, FormSheet, read_forms

__all__ = ["FormBook", "FormSheet", "read_forms"]
