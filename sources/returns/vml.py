"""The boxes of comments: spreadsheets still keep them as VML beside the comments' texts."""

from __future__ import annotations

_SPACES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)

EMPTY_DRAWING = f'<xml {_SPACES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout></xml>'
"""A drawing without a box."""

TYPE = "_x0000_t202"
BOX_TYPE = (
    f'<v:shapetype {_SPACES} id="{TYPE}" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
"""What every box is of; a drawing needs it once."""


def shape(number: int, row: int, column: int) -> str:
    """The hidden box of the comment at a cell (row from 1, column from 0); `number` is its own in the drawing."""
    above = max(row - 2, 0)
    anchor = f"{column + 1}, 15, {above}, 10, {column + 5}, 15, {above + 6}, 4"
    return (
        f'<v:shape {_SPACES} id="_x0000_s{number}" type="#{TYPE}" '
        'style="position:absolute;margin-left:60pt;margin-top:2pt;width:260pt;height:90pt;z-index:1;visibility:hidden" '
        'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
        '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill>"
        f"<x:Row>{row - 1}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )
