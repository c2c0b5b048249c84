"""Every sentence that the artist reads, in their language, and what is left out of a report.
Text only: no documents, no widgets."""
