"""The page of evidence: one HTML file that stands alone, with every picture inside.

A file belongs here that draws what was measured; it measures nothing itself."""
