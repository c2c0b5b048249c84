"""Times and sizes in words, rounded: estimates are no better than that."""

from __future__ import annotations

from .texts import t


def rounded_time(seconds: float) -> str:
    if seconds < 2:
        return t("time_moment")
    if seconds < 60:
        step = 1 if seconds < 10 else 5
        return t("time_seconds", n=max(step, round(seconds / step) * step))
    if seconds < 5400:
        return t("time_minutes", n=round(seconds / 60))
    return t("time_hours", n=seconds / 3600)


def rounded_size(megabytes: int) -> str:
    if megabytes < 1000:
        return t("size_megabytes", n=megabytes)
    return t("size_gigabytes", n=megabytes / 1000)
