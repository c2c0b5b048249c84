"""What is looked at again and again, because Krita has no signal for it: what is in front, copies
that are out of date, exports without protection. Reads and tells; changes nothing."""
