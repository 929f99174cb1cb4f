"""How much of a server each visitor gets: all of it is declared here."""

KEPT_UPLOADS = 20
KEPT_BYTES = 2_000_000_000
"""Models and datasets that a visitor may keep on a server, and their bytes together."""

DEMO_STUDIES = 2
"""At the same time in a public demo, and of each visitor one."""
DEMO_MINUTES = 10.0
"""For how long a study of a public demo makes and scores files, or searches."""
DEMO_ERRANDS, DEMO_ERRANDS_EACH = 4, 2
"""Errands at the same time in a public demo, and of each visitor."""
DEMO_ERRANDS_HOURLY = 40
"""That each visitor of a public demo may begin in an hour."""

DEMO_FILE_BYTES = 20_000_000
"""Of one picture or clip that is uploaded to a public demo, where it lies in memory."""
DEMO_SENT_FILES, DEMO_SENT_BYTES = 200, 200_000_000
"""That each visitor of a public demo may upload in an hour."""
DEMO_SENT_BY_ALL = 2_000_000_000
"""Bytes that all of them may, together: a browser without cookies is another visitor each time."""
