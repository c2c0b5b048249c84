"""What a protected picture is measured with: its cost, effects beside controls, trials, doubts.

A file belongs here that finds or phrases a measurement; `page/` draws them as HTML."""
