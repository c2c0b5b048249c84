"""Times and sizes in words. An honest estimate is a round one."""

from __future__ import annotations

from .texts import local_number, t


def rounded_time(seconds: float) -> str:
    if seconds < 2:
        return t("time_moment")
    if seconds < 60:
        step = 1 if seconds < 10 else 5
        return t("time_seconds", n=max(step, round(seconds / step) * step))
    if seconds < 5400:
        return t("time_minutes", n=round(seconds / 60))
    return t("time_hours", n=local_number(f"{seconds / 3600:.1f}"))


def rounded_size(megabytes: int) -> str:
    if megabytes < 1000:
        return f"{megabytes} MB"
    return local_number(f"{megabytes / 1000:.1f}") + " GB"
