"""What a page shows with `dashboard/widgets/verbatim.py`, read back."""

import re
from html import unescape

_BOX = re.compile(r'<pre class="verbatim[^>]*>\n(.*)</pre>', re.DOTALL)


def verbatims(page):
    """The texts, as they were given."""
    boxes = (_BOX.fullmatch(html.proto.body) for html in page.get("html"))
    return [unescape(box[1]) for box in boxes if box]
